import type { Selectable } from 'kysely'
import type { Tx } from '../db.ts'
import type { DeliveriesTable } from '../schema.ts'
import { presentLanes } from '../tables/lanes.ts'

/** The facts that are checked before a person changes a delivery. */
export const COLUMNS = [
  'id',
  'seq',
  'subject',
  'slot',
  'place',
  'lane',
  'status',
  'ordered',
  'expires_after',
] as const satisfies readonly (keyof DeliveriesTable)[]

/** The same, as it is read. */
export type DeliveryRow = Pick<Selectable<DeliveriesTable>, (typeof COLUMNS)[number]>

/**
 * Locks a delivery's lane, former and present, and its subject. Returns the delivery as it is then, with what its lane
 * is called now, or null where there is none.
 */
export async function lockDelivery(
  tx: Tx,
  id: string,
): Promise<{ row: DeliveryRow; present_lane: string } | null> {
  const find = () => tx.db.selectFrom('deliveries').select(COLUMNS).where('id', '=', id).executeTakeFirst()
  const seen = await find()
  if (seen === undefined) return null
  const present_lane = (await presentLanes(tx, [seen.lane])).get(seen.lane) ?? seen.lane
  await tx.lock({ lanes: [seen.lane, present_lane], subjects: [seen.subject] })
  const row = await find()
  return row === undefined ? null : { row, present_lane }
}
