import type { Tx } from '../db.ts'
import { moveToLane } from '../tables/delivery-upkeep.ts'
import { copyLane, nameLane, readLanes, saveLane, setWakeTimes } from '../tables/lanes.ts'

/** Moves what waits under one lane name to another: see `Operations.renameLane`. */
export async function renameLane(tx: Tx, { from, to }: { from: string; to: string }): Promise<void> {
  const [lane] = await readLanes(tx, [from])
  if (lane === undefined) return
  await copyLane(tx, lane, to)
  await tx.lock({ lanes: [from, to], subjects: [] })
  await joinPauses(tx, from, to)
  await nameLane(tx, { from, to })
  await moveToLane(tx, { from, to })
  await setWakeTimes(tx, [from, to])
}

/** Carries what a server has asked under one name over to the other: the pace, and a pause that lasts longer. */
async function joinPauses(tx: Tx, from: string, to: string): Promise<void> {
  const rows = await readLanes(tx, [from, to])
  const before = rows.find(({ lane }) => lane === from)
  const after = rows.find(({ lane }) => lane === to)
  if (before === undefined || after === undefined) return
  const { paused_until, pause, pause_message, pauses } = before
  const longer = paused_until > after.paused_until ? { paused_until, pause, pause_message, pauses } : {}
  await saveLane(tx, { ...after, next_at: Math.max(before.next_at, after.next_at), ...longer })
}
