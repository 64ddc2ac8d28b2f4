import type { Queries, Tx } from '../db.ts'
import { supersede } from './deliveries.ts'
import { insertAll } from './insert-all.ts'
import { DELIVERING, NO, PENDING, REPLACEABLE, UNFINISHED, YES } from './literals.ts'

// As in heads.ts: no query here may walk through all that waits in a subject.

type Literal = typeof NO

/**
 * Supersedes the deliveries of `subjects` older than `place`: under `retrying` those that failed at least once, under
 * `waiting` all that are not under way. Returns the subjects that need a new head.
 */
export async function supersedeOlder(
  tx: Tx,
  { subjects, place }: { subjects: readonly string[]; place: number },
): Promise<string[]> {
  if (subjects.length === 0) return []
  const gone = await supersede(tx, (eb) =>
    eb.and([eb('subject', 'in', subjects), REPLACEABLE, eb('place', '<', place)]),
  )
  return gone.map(({ subject }) => subject)
}

/**
 * The same when an attempt at a delivery of this subject has failed: the newest event that waits supersedes what the
 * attempt leaves waiting.
 */
export async function supersedeFailed(tx: Tx, subject: string): Promise<string[]> {
  return supersedeOlder(tx, { subjects: [subject], place: await newestWaiting(tx, subject) })
}

/** An event of this subject got through: supersedes what waits before it in the same order, and notes how far it is. */
export async function notePassed(
  tx: Tx,
  { subject, place, ordered }: { subject: string; place: number; ordered: number },
): Promise<void> {
  await notePlaces(tx.db, [{ subject, place, noted_at: tx.now }])
  if (ordered === 0) return
  const older = (head: Literal) =>
    unfinished(tx, subject, head)
      .select('seq')
      .where('ordered', '=', YES)
      .where('status', '=', PENDING)
      .where('place', '<', place)
  await supersede(tx, (eb) => eb('seq', 'in', older(NO).unionAll(older(YES))))
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
async function newestWaiting(tx: Queries, subject: string): Promise<number> {
  const newest = (head: Literal) =>
    unfinished(tx, subject, head).select(({ fn }) => fn.max<number | null>('place').as('place'))
  const found = await newest(NO).unionAll(newest(YES)).execute()
  return Math.max(0, ...found.map(({ place }) => place ?? 0))
}

/** By the whole of the index: both databases then read just the rows that are wanted. */
function unfinished({ db }: Queries, subject: string, head: Literal) {
  return db.selectFrom('deliveries').where('subject', '=', subject).where(UNFINISHED).where('head', '=', head)
}

/** Where a delivery would be sent, in which turn. */
interface Turn {
  subject: string
  place: number
}

/**
 * Returns whether a redelivery would roll its subject back: a newer event has got through, or may have (its delivery
 * is under way, or was tried and will be again).
 */
export async function isStale(tx: Queries, turn: Turn): Promise<boolean> {
  if (await hasPassed(tx, turn)) return true
  const tried = await unfinished(tx, turn.subject, YES)
    .select('seq')
    .where('place', '>', turn.place)
    .where((eb) => eb.or([eb('attempts', '>', 0), eb('status', '=', DELIVERING)]))
    .limit(1)
    .executeTakeFirst()
  return tried !== undefined
}

/** Returns whether a replay would roll its subject back: a newer event has got through, or is on its way. */
export async function isStaleReplay(tx: Queries, turn: Turn): Promise<boolean> {
  return (await hasPassed(tx, turn)) || (await newestWaiting(tx, turn.subject)) > turn.place
}

async function hasPassed({ db }: Queries, { subject, place }: Turn): Promise<boolean> {
  const row = await db
    .selectFrom('subjects')
    .select('place')
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row !== undefined && row.place > place
}

/** Deletes up to `limit` subjects that have not moved since `noted_before`. Returns how many. */
export async function deleteSubjects(
  { db }: Queries,
  { noted_before, limit }: { noted_before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('subjects')
    .where('subject', 'in', (eb) =>
      eb
        .selectFrom('subjects')
        .select('subject')
        .where('noted_at', '<', noted_before)
        .orderBy('noted_at')
        .limit(limit),
    )
    // Asked again: one may have moved meanwhile.
    .where('noted_at', '<', noted_before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
