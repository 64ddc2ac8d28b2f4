import type { Db } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { GivenUp } from '../records.ts'
import { noteFailing } from '../tables/failing.ts'

/** Why a delivery is given up. */
export type Reason = Pick<GivenUp, 'status' | 'class' | 'message' | 'fix'>

/** Its workers were lost again and again: it may be what stops them. */
export const LOST_TOO_OFTEN: Reason = {
  status: 'failed',
  class: 'ambiguous',
  message:
    'Every receiver that tried this delivery stopped or lost its claim, until its attempts were used up.',
  fix: 'Look in the logs for why receivers stop; then redeliver it.',
}

/** `expires_after`. */
export const EXPIRED: Reason = {
  status: 'expired',
  class: 'expired',
  message: 'Its time ran out before it got through.',
  fix: 'Redeliver it if it still matters. Give its automation a longer `expires_after` if that is too short.',
}

/** Ends these deliveries, and tells whom to alert. The caller makes sure that they may end. */
export async function giveUp(
  db: Db,
  ids: readonly string[],
  reason: Reason,
  now: number,
): Promise<GivenUp[]> {
  if (ids.length === 0) return []
  const { status, class: kind, message, fix } = reason
  await db
    .updateTable('deliveries')
    .set({ status, head: 0, ended_at: now, error: jsonText({ class: kind, message, fix }) })
    .where('id', 'in', ids)
    .execute()
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('events', 'events.id', 'deliveries.event_id')
    .select([
      'deliveries.id',
      'deliveries.event_id',
      'deliveries.automation',
      'deliveries.target',
      'deliveries.lane',
      'events.event',
    ])
    .where('deliveries.id', 'in', ids)
    .orderBy('deliveries.seq')
    .execute()
  await noteFailing(db, rows)
  return rows.map((row) => ({ ...row, ...reason }))
}
