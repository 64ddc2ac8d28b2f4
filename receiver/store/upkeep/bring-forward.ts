import { LONGEST_WAIT_MS } from '../../policy/retry.ts'
import type { Tx } from '../db.ts'
import { bringDeliveriesForward, lanesDueAfter } from '../tables/delivery-upkeep.ts'
import { bringLookupsForward } from '../tables/lookups.ts'
import { bringLanesForward, lanesClosedAfter, setWakeTimes } from '../tables/lanes.ts'

/** Brings forward what waits for a time that no schedule reaches: see `Operations.bringForward`. */
export async function bringForward(tx: Tx): Promise<number> {
  const after = tx.now + LONGEST_WAIT_MS
  await bringLookupsForward(tx, after)
  const lanes = [...new Set([...(await lanesDueAfter(tx, after)), ...(await lanesClosedAfter(tx, after))])]
  if (lanes.length === 0) return 0
  await tx.lock({ lanes, subjects: [] })
  const deliveries = await bringDeliveriesForward(tx, after)
  await bringLanesForward(tx, after)
  await setWakeTimes(tx, lanes)
  return deliveries
}
