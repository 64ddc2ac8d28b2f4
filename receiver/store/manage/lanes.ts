import { sql } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { ShownLane } from '../management-records.ts'
import { nextWake, readLanes, saveLane } from '../tables/lanes.ts'
import { PENDING } from '../tables/literals.ts'

/** How many waiting deliveries are looked through, oldest first. */
const LOOKED_THROUGH = 5_000
/** More lanes than this are not shown. */
const MOST_LANES = 1_000

/** Returns every lane with what waits in it: see `Operations.listLanes`. */
export async function listLanes({ db }: Queries): Promise<{ items: ShownLane[]; more: boolean }> {
  const lanes = await db
    .selectFrom('lanes')
    .select(['lane', 'concurrency', 'interval_ms', 'next_at', 'paused_until', 'pause', 'pause_message'])
    .where('moved_to', 'is', null)
    .orderBy('lane')
    .limit(MOST_LANES)
    .execute()
  const { rows } = await sql<{ lane: string; waiting: number; oldest_at: number }>`
    select lane, count(*) as waiting, min(created_at) as oldest_at from
      (select lane, created_at from deliveries where status = ${PENDING} and ended_at is null
        order by seq limit ${LOOKED_THROUGH}) as d
    group by lane`.execute(db)
  const waiting = new Map(rows.map((row) => [row.lane, row]))
  const items = lanes.map((row) => {
    const { waiting: count = 0, oldest_at = null } = waiting.get(row.lane) ?? {}
    return { ...row, waiting: count, oldest_at }
  })
  return { items, more: rows.reduce((sum, row) => sum + row.waiting, 0) >= LOOKED_THROUGH }
}

/** Ends the pause of a lane: see `Operations.resumeLane`. */
export async function resumeLane(tx: Tx, { lane }: { lane: string }): Promise<{ found: boolean }> {
  await tx.lock({ lanes: [lane], subjects: [] })
  const [row] = await readLanes(tx, [lane])
  if (row === undefined) return { found: false }
  if (row.pause === null && row.paused_until <= tx.now) return { found: true }
  const open = { ...row, paused_until: 0, pause: null, pause_message: null, pauses: 0 }
  await saveLane(tx, { ...open, wake_at: await nextWake(tx, open) })
  return { found: true }
}
