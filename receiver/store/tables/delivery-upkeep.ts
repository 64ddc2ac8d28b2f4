/**
 * Statements that change something of a delivery but its status: heads, lanes, times, and the end of keeping it. Its
 * life is in `deliveries.ts`.
 */
import { sql } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { DeliveryStatus } from '../records.ts'
import { PENDING, UNFINISHED } from './literals.ts'

/** Makes pending deliveries heads of their subjects, or none any more. Returns their lanes. */
export async function setHead({ db }: Queries, seqs: readonly number[], head: 0 | 1): Promise<string[]> {
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

/** Moves what is unfinished in the lane `from` to the lane `to`. */
export async function moveToLane({ db }: Queries, { from, to }: { from: string; to: string }): Promise<void> {
  await db.updateTable('deliveries').set({ lane: to }).where('lane', '=', from).where(UNFINISHED).execute()
}

/**
 * Deletes those of the deliveries `ids` that are still in `status` and ended before `ended_before`. Returns the ids of
 * the deleted ones: one may have been put back into the queue since it was found.
 */
export async function deleteEnded(
  { db }: Queries,
  { ids, status, ended_before }: { ids: readonly string[]; status: DeliveryStatus; ended_before: number },
): Promise<string[]> {
  const rows = await db
    .deleteFrom('deliveries')
    .where('id', 'in', ids)
    .where('status', '=', status)
    .where('ended_at', '<', ended_before)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Returns the lanes of unfinished deliveries that are due, or under way, until later than `after`. */
export async function lanesDueAfter({ db }: Queries, after: number): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('lane')
    .distinct()
    .where('ended_at', 'is', null)
    .where((eb) => eb.or([eb('due_at', '>', after), eb('lease_until', '>', after)]))
    .execute()
  return rows.map(({ lane }) => lane)
}

/** Makes unfinished deliveries that are due, or under way, until later than `after` due, or overdue, now. Returns how many. */
export async function bringDeliveriesForward({ db, now }: Tx, after: number): Promise<number> {
  const sooner = (time: 'due_at' | 'lease_until') =>
    sql<number>`case when ${sql.ref(time)} > ${after} then ${now} else ${sql.ref(time)} end`
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ due_at: sooner('due_at'), lease_until: sooner('lease_until') })
    .where('ended_at', 'is', null)
    .where((eb) => eb.or([eb('due_at', '>', after), eb('lease_until', '>', after)]))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
