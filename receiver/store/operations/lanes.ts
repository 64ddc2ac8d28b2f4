import { sql } from 'kysely'
import type { LanePolicy } from '../../destinations/destination.ts'
import type { Db, Flavor } from '../flavor.ts'
import { insertAll } from './insert-all.ts'

/** An alarm that never rings by itself: the lane has nothing to claim. Later than any real time. */
export const NEVER = 8_640_000_000_000_000

/** Makes sure that these lanes exist under today's policy. */
export async function openLanes(
  db: Db,
  deliveries: readonly { lane: string; policy: LanePolicy }[],
  now: number,
): Promise<void> {
  const lanes = new Map(deliveries.map(({ lane, policy }) => [lane, policy]))
  if (lanes.size === 0) return
  const known = await db
    .selectFrom('lanes')
    .select(['lane', 'concurrency', 'interval_ms'])
    .where('lane', 'in', [...lanes.keys()])
    .execute()
  for (const { lane, concurrency, interval_ms } of known) {
    const policy = lanes.get(lane)
    if (policy?.concurrency === concurrency && policy.interval_ms === interval_ms) lanes.delete(lane)
  }
  // Sorted: two replicas then never wait for each other's rows in turn.
  const rows = [...lanes].sort(([a], [b]) => (a < b ? -1 : 1))
  await upsertLanes(
    db,
    rows.map(([lane, { concurrency, interval_ms }]) => ({
      lane,
      concurrency,
      interval_ms,
      next_at: 0,
      paused_until: 0,
      pause: null,
      pause_message: null,
      pauses: 0,
      streak: 0,
      streak_subjects: '[]',
      cursor: '',
      ready_at: now,
    })),
  )
}

const upsertLanes = insertAll('lanes', (query) =>
  query.onConflict((conflict) =>
    conflict.column('lane').doUpdateSet((eb) => ({
      concurrency: eb.ref('excluded.concurrency'),
      interval_ms: eb.ref('excluded.interval_ms'),
    })),
  ),
)

/**
 * Something new can be claimed in these lanes: brings their alarm forward to now, or to the end of their pace or
 * pause. A lane whose alarm is early enough already is not touched, so that accepts don't queue behind its row.
 */
export async function alarmLanes(
  db: Db,
  flavor: Flavor,
  lanes: readonly string[],
  now: number,
): Promise<void> {
  const asleep = await db
    .selectFrom('lanes')
    .select('lane')
    .where('lane', 'in', [...new Set(lanes)])
    .where('ready_at', '>', now)
    .execute()
  if (asleep.length === 0) return
  const unique = asleep.map(({ lane }) => lane)
  await flavor.lockLanes(db, unique)
  const earliest = sql<number>`case
    when next_at > paused_until and next_at > ${now} then next_at
    when paused_until > ${now} then paused_until
    else ${now} end`
  await db
    .updateTable('lanes')
    .set({ ready_at: earliest })
    .where('lane', 'in', unique)
    .where('ready_at', '>', earliest)
    .execute()
}
