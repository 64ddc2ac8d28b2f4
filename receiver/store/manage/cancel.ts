import type { Tx } from '../db.ts'
import type { Canceled } from '../records.ts'
import { cancelPending } from '../tables/deliveries.ts'
import { promote } from '../tables/heads.ts'
import { setWakeTimes } from '../tables/lanes.ts'
import { lockDelivery } from './lock-delivery.ts'

/** Ends a waiting delivery for good: see `Operations.cancel`. */
export async function cancel(tx: Tx, { id }: { id: string }): Promise<Canceled> {
  const found = await lockDelivery(tx, id)
  if (found === null) return { outcome: 'not_found' }
  const { row, present_lane } = found
  if (row.status !== 'pending') return { outcome: 'kept', status: row.status }
  // Its lane has got another name just now, and there it has been leased.
  if (!(await cancelPending(tx, id))) return { outcome: 'kept', status: 'delivering' }
  const promoted = row.ordered === 1 ? await promote(tx, [row.subject]) : []
  await setWakeTimes(tx, [row.lane, present_lane])
  return { outcome: 'canceled', lanes: [row.lane, ...promoted] }
}
