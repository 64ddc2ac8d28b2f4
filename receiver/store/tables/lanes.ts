import { sql, type Selectable } from 'kysely'
import { FRESH_LANE, type LanePolicy } from '../../policy/lane.ts'
import type { Queries, Tx } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { LanesTable } from '../schema.ts'
import { insertAll } from './insert-all.ts'
import { PENDING, YES } from './literals.ts'

/** A lane as it is kept. */
export type LaneRow = Selectable<LanesTable>

/** The wake time of a lane that has nothing to claim. Later than any real time. */
export const NEVER = 8_640_000_000_000_000

/** The lanes that new deliveries go into, as they were found. */
export interface FoundLanes {
  /** The present names of lanes that have been renamed, by the former ones. */
  present: ReadonlyMap<string, string>
  policies: ReadonlyMap<string, LanePolicy>
  /** Lanes under another policy than today's. */
  changed: readonly string[]
  /** Lanes whose wake time is to come. */
  late: readonly string[]
}

/**
 * Makes sure that the lanes of new deliveries exist, and finds what must change in them. An event may have been planned
 * before the identity of its lane was known: such a lane is found under its present name.
 */
export async function findLanes(
  tx: Tx,
  deliveries: readonly { lane: string; policy: LanePolicy }[],
): Promise<FoundLanes> {
  // Whole ms: that is what the columns hold.
  const policies = new Map(
    deliveries.map(({ lane, policy: { concurrency, interval_ms } }) => [
      lane,
      { concurrency, interval_ms: Math.ceil(interval_ms) },
    ]),
  )
  if (policies.size === 0) return { present: new Map(), policies, changed: [], late: [] }
  const known = await tx.db
    .selectFrom('lanes')
    .select(['lane', 'concurrency', 'interval_ms', 'wake_at', 'moved_to'])
    .where('lane', 'in', [...policies.keys()])
    .execute()
  const present = new Map(
    known.flatMap(({ lane, moved_to }): [string, string][] => (moved_to === null ? [] : [[lane, moved_to]])),
  )
  if (present.size > 0) {
    const renamed = deliveries.map(({ lane, policy }) => ({ lane: present.get(lane) ?? lane, policy }))
    return { ...(await findLanes(tx, renamed)), present }
  }
  const isChanged = ({ lane, concurrency, interval_ms }: LanePolicy & { lane: string }) => {
    const policy = policies.get(lane)
    return policy?.concurrency !== concurrency || policy.interval_ms !== interval_ms
  }
  const names = new Set(known.map(({ lane }) => lane))
  const missing = [...policies].filter(([lane]) => !names.has(lane)).sort(byName)
  // New rows before any lock, and sorted: two replicas then never wait for each other in turn.
  await insertLanes(
    tx.db,
    missing.map(([lane, policy]) => newLane(lane, policy, tx.now)),
  )
  const late = known.filter(({ wake_at }) => wake_at > tx.now).map(({ lane }) => lane)
  return { present, policies, changed: known.filter(isChanged).map(({ lane }) => lane), late }
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1)

function newLane(lane: string, policy: LanePolicy, wake_at: number): LaneRow {
  return {
    lane,
    ...policy,
    next_at: 0,
    ...FRESH_LANE,
    streak_subjects: jsonText(FRESH_LANE.streak_subjects),
    cursor: '',
    wake_at,
    moved_to: null,
  }
}

const insertLanes = insertAll('lanes', (query) =>
  query.onConflict((conflict) => conflict.column('lane').doNothing()),
)

/**
 * Something new can be claimed in these lanes: puts them under today's policy and brings their wake time forward to
 * now, or to the end of their pace or pause. The caller holds the locks of `changed` and `late`. A lane that needs
 * neither is not touched, so that accepts don't queue behind its row; if another replica finds that lane empty
 * meanwhile, the replica that accepted must look at it afterwards (`Advance.lanes`).
 */
export async function openLanes({ db, now }: Tx, { policies, changed, late }: FoundLanes): Promise<void> {
  for (const lane of changed) {
    await db
      .updateTable('lanes')
      .set({ ...policies.get(lane) })
      .where('lane', '=', lane)
      .execute()
  }
  if (late.length === 0) return
  const earliest = sql<number>`case
    when next_at > paused_until and next_at > ${now} then next_at
    when paused_until > ${now} then paused_until
    else ${now} end`
  await db
    .updateTable('lanes')
    .set({ wake_at: earliest })
    .where('lane', 'in', late)
    .where('wake_at', '>', earliest)
    .execute()
}

/** Returns these lanes. */
export async function readLanes({ db }: Queries, lanes: readonly string[]): Promise<LaneRow[]> {
  if (lanes.length === 0) return []
  return db
    .selectFrom('lanes')
    .selectAll()
    .where('lane', 'in', [...new Set(lanes)])
    .orderBy('lane')
    .execute()
}

/** Returns what lanes are called now: finished deliveries keep a lane's former name. */
export async function presentLanes({ db }: Queries, lanes: readonly string[]): Promise<Map<string, string>> {
  const unique = [...new Set(lanes)]
  if (unique.length === 0) return new Map()
  const rows = await db.selectFrom('lanes').select(['lane', 'moved_to']).where('lane', 'in', unique).execute()
  return new Map(rows.map(({ lane, moved_to }) => [lane, moved_to ?? lane]))
}

/** Returns when a lane with a free slot can next be claimed from, or NEVER when nothing waits in it. */
export async function nextWake(
  { db, now }: Tx,
  lane: Pick<LaneRow, 'lane' | 'next_at' | 'paused_until'>,
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

/** Sets the wake times of lanes anew, from what waits in them. The caller holds their locks. */
export async function setWakeTimes(tx: Tx, lanes: readonly string[]): Promise<void> {
  for (const lane of await readLanes(tx, lanes))
    await saveLane(tx, { ...lane, wake_at: await nextWake(tx, lane) })
}

/** Writes what changes in a lane as it is used. The caller holds its lock. */
export async function saveLane({ db }: Queries, { lane, ...row }: LaneRow): Promise<void> {
  const { next_at, paused_until, pause, pause_message, pauses, streak, streak_subjects, cursor, wake_at } =
    row
  await db
    .updateTable('lanes')
    .set({ next_at, paused_until, pause, pause_message, pauses, streak, streak_subjects, cursor, wake_at })
    .where('lane', '=', lane)
    .execute()
}

/** Inserts the lane `to` as a copy of `from`, unless there is one. */
export async function copyLane({ db }: Queries, from: LaneRow, to: string): Promise<void> {
  await db
    .insertInto('lanes')
    .values({ ...from, lane: to, moved_to: null })
    .onConflict((conflict) => conflict.column('lane').doNothing())
    .execute()
}

/**
 * Lets the lane `to` be the present name of `from`. From any former name to the present one it is always one step. The
 * caller holds the locks of both.
 */
export async function nameLane({ db }: Queries, { from, to }: { from: string; to: string }): Promise<void> {
  await db
    .updateTable('lanes')
    .set({ moved_to: to })
    .where((eb) => eb.or([eb('lane', '=', from), eb('moved_to', '=', from)]))
    .execute()
  await db.updateTable('lanes').set({ moved_to: null }).where('lane', '=', to).execute()
}

/** Returns the lanes that pace or pause keep closed, or nobody looks into, until later than `after`. */
export async function lanesClosedAfter({ db }: Queries, after: number): Promise<string[]> {
  const rows = await db
    .selectFrom('lanes')
    .select('lane')
    .where((eb) =>
      eb.or([
        eb('next_at', '>', after),
        eb('paused_until', '>', after),
        eb.and([eb('wake_at', '>', after), eb('wake_at', '<', NEVER)]),
      ]),
    )
    .execute()
  return rows.map(({ lane }) => lane)
}

/** Opens the lanes that pace or pause keep closed until later than `after`. The caller holds their locks. */
export async function bringLanesForward({ db, now }: Tx, after: number): Promise<void> {
  await db.updateTable('lanes').set({ next_at: now }).where('next_at', '>', after).execute()
  await db.updateTable('lanes').set({ paused_until: now }).where('paused_until', '>', after).execute()
}
