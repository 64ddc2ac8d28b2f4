import type { Tx } from '../db.ts'
import { overRows, statement } from '../statement.ts'
import { setHead } from './delivery-upkeep.ts'
import { PENDING, UNFINISHED, YES } from './literals.ts'
import { REPLACEABLE_TEXT } from './replaceable.ts'

// Ten thousand may wait in one subject: no query here may walk through them. Each names a subject's head or the
// first behind it, by the index (subject, head, place, seq), and says UNFINISHED: that is the text of that index.

/** Subjects asked about in one statement. */
const AT_ONCE = 50

/**
 * Makes the oldest waiting delivery of each subject its head, unless one is under way. Called in the transaction
 * that ended or brought back a delivery, under the subjects' locks. A lease takes no such lock, so the present heads are
 * locked first: one that is being leased shows as under way then. Returns the lanes of the new heads: deliveries of one
 * subject are in several lanes where its connection has changed.
 */
export async function promote(tx: Tx, subjects: readonly string[]): Promise<string[]> {
  const unique = [...new Set(subjects)]
  if (unique.length === 0) return []
  const present = tx.db
    .selectFrom('deliveries')
    .select(['seq', 'place', 'subject', 'status'])
    .where('subject', 'in', unique)
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .orderBy('place')
    .orderBy('seq')
  const heads = Map.groupBy(await tx.dialect.locked(present).execute(), ({ subject }) => subject)
  const isBusy = (subject: string) =>
    heads.get(subject)?.some(({ status }) => status === 'delivering') === true
  const free = unique.filter((subject) => !isBusy(subject))
  const behind = await firstBehind(tx, free)
  const demoted: number[] = []
  const promoted: number[] = []
  for (const subject of free) {
    const [head, ...others] = heads.get(subject) ?? []
    const next = behind.get(subject)
    demoted.push(...others.map(({ seq }) => seq))
    if (next === undefined || (head !== undefined && isBefore(head, next))) continue
    if (head !== undefined) demoted.push(head.seq)
    promoted.push(next.seq)
  }
  await setHead(tx, demoted, 0)
  return setHead(tx, promoted, 1)
}

/** The head of a subject, or a delivery that is under way in it. */
export interface Head {
  subject: string
  slot: string
  /** Whether a newer event of its slot supersedes it. */
  replaceable: number | boolean
}

/** Finds the heads of ordered deliveries in these subjects: what comes into one of them waits behind its head. */
export const headsOf = statement<Head>(
  'heads_of',
  ({ isIn }) => `select subject, slot, (${REPLACEABLE_TEXT}) as replaceable from deliveries
    where ${isIn('subject', 1)} and status in ('pending', 'delivering') and head = 1 and ordered = 1`,
)

const SUBJECT = { subject: 'text' } as const
const OF_SUBJECT = "d.subject = s.subject and d.status in ('pending', 'delivering') and d.ordered = 1"

/** Makes the first that waits the head of each of these subjects whose head has ended. Returns their lanes. */
export const promoteNext = overRows<{ lane: string }>(
  'promote_next',
  SUBJECT,
  ({ rows }) => `update deliveries set head = 1 where status = 'pending' and seq in (
    select next from (select
        (select d.seq from deliveries d where ${OF_SUBJECT} and d.head < 1 and d.status = 'pending'
          order by d.head, d.place, d.seq limit 1) as next,
        (select 1 from deliveries d where ${OF_SUBJECT} and d.head = 1 limit 1) as is_busy
      from ${rows(SUBJECT)} as s) as n
    where next is not null and is_busy is null) returning lane`,
)

/** The position that decides a delivery's turn within its subject. */
interface Position {
  place: number
  seq: number
}

const isBefore = (one: Position, other: Position) =>
  one.place < other.place || (one.place === other.place && one.seq < other.seq)

/** The oldest delivery that waits behind the head of each subject. */
async function firstBehind({ db }: Tx, subjects: readonly string[]): Promise<Map<string, Position>> {
  const first = (subject: string) =>
    db
      .selectFrom(
        db
          .selectFrom('deliveries')
          .select(['subject', 'place', 'seq'])
          .where('subject', '=', subject)
          .where(UNFINISHED)
          // Not `head = 0`: PostgreSQL would then go by `seq` alone, through all that ever was before it.
          .where('head', '<', YES)
          .where('ordered', '=', YES)
          .where('status', '=', PENDING)
          .orderBy('head')
          .orderBy('place')
          .orderBy('seq')
          .limit(1)
          .as('first'),
      )
      .selectAll()
  const found = new Map<string, Position>()
  for (let at = 0; at < subjects.length; at += AT_ONCE) {
    const [one, ...others] = subjects.slice(at, at + AT_ONCE).map(first)
    if (one === undefined) break
    const query = others.reduce((all, other) => all.unionAll(other), one)
    for (const { subject, ...position } of await query.execute()) found.set(subject, position)
  }
  return found
}
