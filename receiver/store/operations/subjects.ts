import { sql } from 'kysely'
import type { Db, Flavor } from '../flavor.ts'
import { PENDING, SUCCEEDED, UNFINISHED, YES } from './states.ts'

// Every query by subject says UNFINISHED beside the state it wants: that is the text of the index by subject.

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
    .where(UNFINISHED)
    .where('status', '=', PENDING)
    .where('seq', '<', before)
    .where((eb) =>
      eb.or([
        eb('supersede', '=', 'waiting'),
        eb.and([eb('supersede', '=', 'retrying'), eb('attempts', '>', 0)]),
      ]),
    )
    .returning('subject')
    .execute()
  return promoteHeads(
    db,
    flavor,
    gone.map(({ subject }) => subject),
  )
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
    .select(['subject', 'status'])
    .where('subject', 'in', unique)
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .orderBy('seq')
  const heads_now = await flavor.locked(present).execute()
  const busy = new Set(
    heads_now.filter(({ status }) => status === 'delivering').map(({ subject }) => subject),
  )
  const free = unique.filter((subject) => !busy.has(subject))
  if (free.length === 0) return []
  const heads = db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.min('seq').as('seq'))
    .where('subject', 'in', free)
    .where(UNFINISHED)
    .where('status', '=', PENDING)
    .where('ordered', '=', YES)
    .groupBy('subject')
  await db
    .updateTable('deliveries')
    .set({ head: 0 })
    .where('subject', 'in', free)
    .where(UNFINISHED)
    .where('status', '=', PENDING)
    .where('ordered', '=', YES)
    .where('head', '=', YES)
    .where('seq', 'not in', heads)
    .execute()
  const promoted = await db
    .updateTable('deliveries')
    .set({ head: 1 })
    .where('seq', 'in', heads)
    .where('head', '=', 0)
    .returning('lane')
    .execute()
  return promoted.map(({ lane }) => lane)
}

/** Ends what a success made stale: older deliveries of the subject that are still waiting. */
export async function endStale(db: Db, subject: string, seq: number, now: number): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('subject', '=', subject)
    .where(UNFINISHED)
    .where('status', '=', PENDING)
    .where('seq', '<', seq)
    .execute()
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
