import { sql } from 'kysely'
import type { Db, Flavor } from '../flavor.ts'
import { NO, PENDING, REPLACEABLE, SUCCEEDED, UNFINISHED, YES } from './states.ts'

// Ten thousand may wait in one subject: no query here may walk through them. Each names a subject's head or the
// first behind it, by the index (subject, head, seq), and says UNFINISHED: that is the text of that index.

type Literal = typeof NO

/** Subjects asked about in one statement. */
const AT_ONCE = 50

/**
 * What gives way to a newer delivery of its subject (one older than `before`): under `retrying` one that failed
 * at least once, under `waiting` any that is not under way. Gives the lanes of new heads.
 */
export async function supersedeOlder(
  db: Db,
  flavor: Flavor,
  subjects: readonly string[],
  now: number,
  before: number = Number.MAX_SAFE_INTEGER,
): Promise<string[]> {
  if (subjects.length === 0) return []
  const gone = await db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('subject', 'in', subjects)
    .where(REPLACEABLE)
    .where('seq', '<', before)
    .returning('subject')
    .execute()
  return promoteHeads(
    db,
    flavor,
    gone.map(({ subject }) => subject),
  )
}

/**
 * The same when an attempt at a delivery of this subject has failed, or was lost: what it leaves waiting gives way to
 * the newest that is unfinished. Gives the lanes of new heads.
 */
export async function giveWay(db: Db, flavor: Flavor, subject: string, now: number): Promise<string[]> {
  return supersedeOlder(db, flavor, [subject], now, await newestWaiting(db, subject))
}

/**
 * Makes the oldest waiting delivery of each subject its head, unless one is under way. Called in the transaction
 * that ended or brought back a delivery, under the subjects' locks. Claims take no such lock, so the present heads are
 * locked first: one that is being claimed shows as under way then. Gives the lanes of the new heads: deliveries of one
 * subject are in several where its connection has changed.
 */
export async function promoteHeads(db: Db, flavor: Flavor, subjects: readonly string[]): Promise<string[]> {
  const unique = [...new Set(subjects)]
  if (unique.length === 0) return []
  const present = db
    .selectFrom('deliveries')
    .select(['seq', 'subject', 'status'])
    .where('subject', 'in', unique)
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .orderBy('seq')
  const heads = Map.groupBy(await flavor.locked(present).execute(), ({ subject }) => subject)
  const isBusy = (subject: string) =>
    heads.get(subject)?.some(({ status }) => status === 'delivering') === true
  const free = unique.filter((subject) => !isBusy(subject))
  const behind = await firstBehind(db, free)
  const demoted: number[] = []
  const promoted: number[] = []
  for (const subject of free) {
    const [head, ...others] = heads.get(subject) ?? []
    const next = behind.get(subject)
    demoted.push(...others.map(({ seq }) => seq))
    if (next === undefined || (head !== undefined && head.seq < next)) continue
    if (head !== undefined) demoted.push(head.seq)
    promoted.push(next)
  }
  await setHead(db, demoted, 0)
  return setHead(db, promoted, 1)
}

/** The `seq` of the oldest delivery that waits behind the head of each subject. */
async function firstBehind(db: Db, subjects: readonly string[]): Promise<Map<string, number>> {
  const first = (subject: string) =>
    db
      .selectFrom(
        db
          .selectFrom('deliveries')
          .select(['subject', 'seq'])
          .where('subject', '=', subject)
          .where(UNFINISHED)
          // Not `head = 0`: PostgreSQL would then go by `seq` alone, through all that ever was before it.
          .where('head', '<', YES)
          .where('ordered', '=', YES)
          .where('status', '=', PENDING)
          .orderBy('head')
          .orderBy('seq')
          .limit(1)
          .as('first'),
      )
      .selectAll()
  const found = new Map<string, number>()
  for (let at = 0; at < subjects.length; at += AT_ONCE) {
    const [one, ...others] = subjects.slice(at, at + AT_ONCE).map(first)
    if (one === undefined) break
    const query = others.reduce((all, other) => all.unionAll(other), one)
    for (const { subject, seq } of await query.execute()) found.set(subject, seq)
  }
  return found
}

/** Gives the lanes of the deliveries that were changed. */
async function setHead(db: Db, seqs: readonly number[], head: 0 | 1): Promise<string[]> {
  if (seqs.length === 0) return []
  const rows = await db
    .updateTable('deliveries')
    .set({ head })
    .where('seq', 'in', seqs)
    .where('status', '=', PENDING)
    .returning('lane')
    .execute()
  return rows.map(({ lane }) => lane)
}

/** Ends what a success made stale: older deliveries of the subject that wait in the same order. */
export async function endStale(db: Db, subject: string, seq: number, now: number): Promise<void> {
  const older = (head: Literal) =>
    unfinished(db, subject, head)
      .select('seq')
      .where('ordered', '=', YES)
      .where('status', '=', PENDING)
      .where('seq', '<', seq)
  await db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('seq', 'in', older(NO).unionAll(older(YES)))
    .where('status', '=', PENDING)
    .execute()
}

/** The `seq` of the youngest unfinished delivery of a subject; 0 where there is none. */
async function newestWaiting(db: Db, subject: string): Promise<number> {
  const newest = (head: Literal) =>
    unfinished(db, subject, head).select(({ fn }) => fn.max<number | null>('seq').as('seq'))
  const found = await newest(NO).unionAll(newest(YES)).execute()
  return Math.max(0, ...found.map(({ seq }) => seq ?? 0))
}

/** By the whole of the index: both databases then read just the rows that are wanted. */
function unfinished(db: Db, subject: string, head: Literal) {
  return db.selectFrom('deliveries').where('subject', '=', subject).where(UNFINISHED).where('head', '=', head)
}

/** Whether a newer delivery of this subject has succeeded: dispatching this one now would roll it back. */
export async function isStale(db: Db, subject: string, seq: number): Promise<boolean> {
  const newer = await db
    .selectFrom('deliveries')
    .select(sql<number>`1`.as('one'))
    .where('subject', '=', subject)
    .where('status', '=', SUCCEEDED)
    .where('seq', '>', seq)
    .limit(1)
    .executeTakeFirst()
  return newer !== undefined
}
