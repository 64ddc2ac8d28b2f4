import type { Tx } from '../db.ts'
import { nextWake, readLanes, saveLane, type LaneRow } from '../tables/lanes.ts'

/** Lets lanes whose credentials were refused try again at once: see `Operations.probeLanes`. */
export async function probeLanes(tx: Tx, { prefixes }: { prefixes: readonly string[] }): Promise<string[]> {
  const rows = await tx.db.selectFrom('lanes').select('lane').where('pause', '=', 'credentials').execute()
  const named = rows.map(({ lane }) => lane).filter((lane) => prefixes.some((one) => lane.startsWith(one)))
  if (named.length === 0) return []
  await tx.lock({ lanes: named, subjects: [] })
  const paused = (await readLanes(tx, named)).filter((lane) => isRefused(lane, tx.now))
  for (const lane of paused) {
    const open = { ...lane, paused_until: tx.now }
    await saveLane(tx, { ...open, wake_at: await nextWake(tx, open) })
  }
  return paused.map(({ lane }) => lane)
}

const isRefused = ({ pause, paused_until }: LaneRow, now: number) =>
  pause === 'credentials' && paused_until > now
