import type { Tx } from '../db.ts'
import type { DeliveryError, GivenUp } from '../records.ts'
import { noteFailing } from '../tables/failing.ts'

/** Why deliveries ended without an attempt that said so. */
interface Reason {
  status: GivenUp['status']
  error: DeliveryError
}

/** Notes that these deliveries, which have just ended, were given up. Returns whom to alert of what. */
export async function noteGivenUp(
  tx: Tx,
  ids: readonly string[],
  { status, error }: Reason,
): Promise<GivenUp[]> {
  if (ids.length === 0) return []
  const rows = await tx.db
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
  await tx.batch([noteFailing(tx, rows)])
  return rows.map((row) => ({ ...row, status, ...error }))
}
