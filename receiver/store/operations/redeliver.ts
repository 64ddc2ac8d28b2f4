import type { Db, Flavor } from '../flavor.ts'
import { resetAlarms } from './lapse.ts'
import { isStale, promoteHeads } from './subjects.ts'

export type Redelivered =
  | { outcome: 'queued' }
  /** A newer delivery of its subject has succeeded: this one would roll it back. */
  | { outcome: 'stale' }
  /** It waits or is under way already. */
  | { outcome: 'unfinished' }
  | { outcome: 'not_found' }

/**
 * Puts a finished delivery back into the queue under its own id: the whole schedule again, at its old place in
 * its subject. `force` skips the question whether it is stale.
 */
export async function redeliver(
  db: Db,
  flavor: Flavor,
  { id, force, now }: { id: string; force: boolean; now: number },
): Promise<Redelivered> {
  const row = await db
    .selectFrom('deliveries')
    .select(['seq', 'subject', 'lane', 'status', 'ordered', 'target'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return { outcome: 'not_found' }
  await flavor.lockLanes(db, [row.lane])
  await flavor.lockSubjects(db, [row.subject])
  if (row.status === 'pending' || row.status === 'delivering') return { outcome: 'unfinished' }
  if (!force && (await isStale(db, row.subject, row.seq))) return { outcome: 'stale' }
  await db
    .updateTable('deliveries')
    .set({
      status: 'pending',
      head: row.ordered === 1 ? 0 : 1,
      attempts: 0,
      due_at: now,
      ended_at: null,
      expires_at: null,
    })
    .where('id', '=', id)
    .execute()
  if (row.ordered === 1) await promoteHeads(db, [row.subject])
  await resetAlarms(db, [row.lane], now)
  return { outcome: 'queued' }
}
