import { sql } from 'kysely'
import type { LanePolicy } from '../../policy/lane.ts'
import type { Db, Flavor } from '../db.ts'
import { jsonText } from '../json-text.ts'
import { insertAll } from './insert-all.ts'
import { PENDING, YES } from './literals.ts'

/** An alarm that never rings by itself: the lane has nothing to claim. Later than any real time. */
export const NEVER = 8_640_000_000_000_000

/**
 * Something new can be claimed in these lanes: makes sure that they exist under today's policy and brings their alarm
 * forward to now, or to the end of their pace or pause. A lane that needs neither is not touched, so that accepts
 * don't queue behind its row; if that lane falls asleep meanwhile, whoever accepted must look at it afterwards
 * (`Advance.lanes`). Gives the names that lanes have by now, by the former ones: an event may have been planned before
 * the identity of its lane was known.
 */
export async function openLanes(
  db: Db,
  flavor: Flavor,
  deliveries: readonly { lane: string; policy: LanePolicy }[],
  now: number,
): Promise<Map<string, string>> {
  // Whole ms: that is what the columns hold.
  const policies = new Map(
    deliveries.map(({ lane, policy: { concurrency, interval_ms } }) => [
      lane,
      { concurrency, interval_ms: Math.ceil(interval_ms) },
    ]),
  )
  if (policies.size === 0) return new Map()
  const known = await db
    .selectFrom('lanes')
    .select(['lane', 'concurrency', 'interval_ms', 'ready_at', 'moved_to'])
    .where('lane', 'in', [...policies.keys()])
    .execute()
  const moved = new Map(
    known.flatMap(({ lane, moved_to }): [string, string][] => (moved_to === null ? [] : [[lane, moved_to]])),
  )
  if (moved.size > 0) {
    const renamed = deliveries.map(({ lane, policy }) => ({ lane: moved.get(lane) ?? lane, policy }))
    await openLanes(db, flavor, renamed, now)
    return moved
  }
  const isChanged = ({ lane, concurrency, interval_ms }: LanePolicy & { lane: string }) => {
    const policy = policies.get(lane)
    return policy?.concurrency !== concurrency || policy.interval_ms !== interval_ms
  }
  const asleep = known.filter(({ ready_at }) => ready_at > now).map(({ lane }) => lane)
  const changed = known.filter(isChanged).map(({ lane }) => lane)
  const missing = known.length === policies.size ? [] : [...policies.keys()].filter(notIn(known))
  // New rows first, then all locks at once, each sorted: two replicas then never wait for each other in turn.
  await insertLanes(
    db,
    missing.sort().map((lane) => ({ ...freshLane(lane, now), ...policies.get(lane) })),
  )
  await flavor.lockLanes(db, [...asleep, ...changed])
  for (const lane of changed) {
    await db
      .updateTable('lanes')
      .set({ ...policies.get(lane) })
      .where('lane', '=', lane)
      .execute()
  }
  await ring(db, asleep, now)
  return new Map()
}

function notIn(known: readonly { lane: string }[]): (lane: string) => boolean {
  const names = new Set(known.map(({ lane }) => lane))
  return (lane) => !names.has(lane)
}

function freshLane(lane: string, now: number) {
  return {
    lane,
    concurrency: 1,
    interval_ms: 0,
    next_at: 0,
    paused_until: 0,
    pause: null,
    pause_message: null,
    pauses: 0,
    streak: 0,
    streak_subjects: jsonText<readonly string[]>([]),
    cursor: '',
    ready_at: now,
    moved_to: null,
  }
}

const insertLanes = insertAll('lanes', (query) =>
  query.onConflict((conflict) => conflict.column('lane').doNothing()),
)

/** Brings the alarm of locked lanes forward. */
async function ring(db: Db, lanes: readonly string[], now: number): Promise<void> {
  if (lanes.length === 0) return
  const earliest = sql<number>`case
    when next_at > paused_until and next_at > ${now} then next_at
    when paused_until > ${now} then paused_until
    else ${now} end`
  await db
    .updateTable('lanes')
    .set({ ready_at: earliest })
    .where('lane', 'in', lanes)
    .where('ready_at', '>', earliest)
    .execute()
}

/** When a lane with a free slot can next be claimed from, or NEVER when nothing waits in it. */
export async function laneAlarm(
  db: Db,
  lane: { lane: string; next_at: number; paused_until: number },
  now: number,
): Promise<number> {
  const first = await db
    .selectFrom('deliveries')
    .select('due_at')
    .where('lane', '=', lane.lane)
    .where('head', '=', YES)
    .where('status', '=', PENDING)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return first === undefined ? NEVER : Math.max(first.due_at, lane.next_at, lane.paused_until, now)
}

/** Sets lanes' alarms anew from what waits in them. The caller holds the lanes' locks. */
export async function resetAlarms(db: Db, lanes: readonly string[], now: number): Promise<void> {
  for (const lane of [...new Set(lanes)].sort()) {
    const state = await db.selectFrom('lanes').selectAll().where('lane', '=', lane).executeTakeFirst()
    if (state === undefined) continue
    const ready_at = await laneAlarm(db, state, now)
    await db.updateTable('lanes').set({ ready_at }).where('lane', '=', lane).execute()
  }
}
