import type { Db, Flavor } from '../db.ts'
import { insertAll } from './insert-all.ts'
import { DELIVERING, NO, PENDING, REPLACEABLE, UNFINISHED, YES } from './literals.ts'

// Ten thousand may wait in one subject: no query here may walk through them. Each names a subject's head or the
// first behind it, by the index (subject, head, place, seq), and says UNFINISHED: that is the text of that index.

type Literal = typeof NO

/** Subjects asked about in one statement. */
const AT_ONCE = 50

/**
 * What gives way to a newer event about its subject (it stands before `place`): under `retrying` a delivery that failed
 * at least once, under `waiting` any that is not under way. Gives the lanes of new heads.
 */
export async function supersedeOlder(
  db: Db,
  flavor: Flavor,
  subjects: readonly string[],
  place: number,
  now: number,
): Promise<string[]> {
  if (subjects.length === 0) return []
  const gone = await db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('subject', 'in', subjects)
    .where(REPLACEABLE)
    .where('place', '<', place)
    .returning('subject')
    .execute()
  return promoteHeads(
    db,
    flavor,
    gone.map(({ subject }) => subject),
  )
}

/**
 * The same when an attempt at a delivery of this subject has failed: what it leaves waiting gives way to the newest
 * event that waits. Gives the lanes of new heads.
 */
export async function giveWay(db: Db, flavor: Flavor, subject: string, now: number): Promise<string[]> {
  return supersedeOlder(db, flavor, [subject], await newestWaiting(db, subject), now)
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
    .select(['seq', 'place', 'subject', 'status'])
    .where('subject', 'in', unique)
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .orderBy('place')
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
    if (next === undefined || (head !== undefined && isBefore(head, next))) continue
    if (head !== undefined) demoted.push(head.seq)
    promoted.push(next.seq)
  }
  await setHead(db, demoted, 0)
  return setHead(db, promoted, 1)
}

/** Where a delivery stands in its subject. */
interface Standing {
  place: number
  seq: number
}

const isBefore = (one: Standing, other: Standing) =>
  one.place < other.place || (one.place === other.place && one.seq < other.seq)

/** The oldest delivery that waits behind the head of each subject. */
async function firstBehind(db: Db, subjects: readonly string[]): Promise<Map<string, Standing>> {
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
  const found = new Map<string, Standing>()
  for (let at = 0; at < subjects.length; at += AT_ONCE) {
    const [one, ...others] = subjects.slice(at, at + AT_ONCE).map(first)
    if (one === undefined) break
    const query = others.reduce((all, other) => all.unionAll(other), one)
    for (const { subject, ...standing } of await query.execute()) found.set(subject, standing)
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

/** An event about this subject got through: ends what waits before it in the same order, and remembers how far it is. */
export async function passed(
  db: Db,
  { subject, place, ordered }: { subject: string; place: number; ordered: number },
  now: number,
): Promise<void> {
  await notePlaces(db, [{ subject, place, noted_at: now }])
  if (ordered === 0) return
  const older = (head: Literal) =>
    unfinished(db, subject, head)
      .select('seq')
      .where('ordered', '=', YES)
      .where('status', '=', PENDING)
      .where('place', '<', place)
  await db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('seq', 'in', older(NO).unionAll(older(YES)))
    .where('status', '=', PENDING)
    .execute()
}

const notePlaces = insertAll('subjects', (query) =>
  query.onConflict((conflict) =>
    conflict
      .column('subject')
      .doUpdateSet((eb) => ({ place: eb.ref('excluded.place'), noted_at: eb.ref('excluded.noted_at') }))
      .whereRef('subjects.place', '<=', 'excluded.place'),
  ),
)

/** The place of the newest event with an unfinished delivery in a subject; 0 where there is none. */
async function newestWaiting(db: Db, subject: string): Promise<number> {
  const newest = (head: Literal) =>
    unfinished(db, subject, head).select(({ fn }) => fn.max<number | null>('place').as('place'))
  const found = await newest(NO).unionAll(newest(YES)).execute()
  return Math.max(0, ...found.map(({ place }) => place ?? 0))
}

/** By the whole of the index: both databases then read just the rows that are wanted. */
function unfinished(db: Db, subject: string, head: Literal) {
  return db.selectFrom('deliveries').where('subject', '=', subject).where(UNFINISHED).where('head', '=', head)
}

/**
 * Whether dispatching what stands at this place would roll its subject back: a newer event has got through, or may
 * have (its delivery is under way, or was tried and will be again).
 */
export async function isStale(db: Db, subject: string, place: number): Promise<boolean> {
  if (await hasPassed(db, subject, place)) return true
  const tried = await unfinished(db, subject, YES)
    .select('seq')
    .where('place', '>', place)
    .where((eb) => eb.or([eb('tries', '>', 0), eb('status', '=', DELIVERING)]))
    .limit(1)
    .executeTakeFirst()
  return tried !== undefined
}

/** Whether a newer event has got through, or is on its way. */
export async function isOvertaken(db: Db, subject: string, place: number): Promise<boolean> {
  return (await hasPassed(db, subject, place)) || (await newestWaiting(db, subject)) > place
}

async function hasPassed(db: Db, subject: string, place: number): Promise<boolean> {
  const row = await db
    .selectFrom('subjects')
    .select('place')
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row !== undefined && row.place > place
}
