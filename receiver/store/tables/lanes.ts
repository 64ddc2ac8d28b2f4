import type { Selectable } from 'kysely'
import { FRESH_LANE, type LanePolicy } from '../../policy/lane.ts'
import type { Queries, Tx } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { LanesTable } from '../schema.ts'
import { inserting, overRows, statement, type Call } from '../statement.ts'
import { PENDING, YES } from './literals.ts'

/** A lane as it is kept. */
export type LaneRow = Selectable<LanesTable>

/** The wake time of a lane that has nothing to claim. Later than any real time. */
export const NEVER = 8_640_000_000_000_000

/** A lane that new deliveries go into, as it is made where there is none. */
export type WantedLane = Omit<LaneRow, 'moved_to' | 'pause_message' | 'pause'>

/** Returns the lanes of new deliveries, by name. */
export function lanesOf(
  deliveries: readonly { lane: string; policy: LanePolicy }[],
  now: number,
): WantedLane[] {
  const policies = new Map(deliveries.map(({ lane, policy }) => [lane, policy]))
  return [...policies]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([lane, { concurrency, interval_ms }]) => ({
      lane,
      concurrency,
      // Whole ms: that is what the columns hold.
      interval_ms: Math.ceil(interval_ms),
      next_at: 0,
      paused_until: FRESH_LANE.paused_until,
      pauses: FRESH_LANE.pauses,
      streak: FRESH_LANE.streak,
      streak_subjects: jsonText(FRESH_LANE.streak_subjects),
      cursor: '',
      wake_at: now,
    }))
}

/** Inserts those of these lanes that do not exist. */
export const insertLanes = inserting(
  'lanes',
  {
    lane: 'text',
    concurrency: 'bigint',
    interval_ms: 'bigint',
    next_at: 'bigint',
    paused_until: 'bigint',
    pauses: 'bigint',
    streak: 'bigint',
    streak_subjects: 'text',
    cursor: 'text',
    wake_at: 'bigint',
  },
  { end: 'and not exists (select 1 from lanes where lanes.lane = r.lane) on conflict (lane) do nothing' },
)

const POLICY = { lane: 'text', concurrency: 'bigint', interval_ms: 'bigint' } as const

/** A lane in which something must change before new deliveries can be claimed from it. */
export interface LaneToOpen {
  /** The name that deliveries were planned under: a former one where the lane has been renamed since. */
  wanted: string
  lane: string
  /** The policy of today. */
  concurrency: number
  interval_ms: number
}

/**
 * Finds and locks those of these lanes that are under another policy than today's, whose wake time is to come (later
 * than the second value, now), or that have got another name: such a lane is found under its present one, in the same
 * statement, so that all lanes are locked in one order. Others are not touched, so that accepts don't queue behind
 * their rows; if another replica finds such a lane empty meanwhile, the replica that accepted must look at it afterwards
 * (`Advance.lanes`).
 */
export const findLanes = overRows<LaneToOpen>(
  'find_lanes',
  POLICY,
  ({ rows, at, forUpdate }) => `select r.lane as wanted, l.lane, r.concurrency, r.interval_ms
    from ${rows(POLICY)} as r cross join lanes f cross join lanes l
    where f.lane = r.lane and l.lane = coalesce(f.moved_to, f.lane)
    and (l.wake_at > ${at(2)} or l.concurrency <> r.concurrency or l.interval_ms <> r.interval_ms or f.moved_to is not null)
    order by l.lane ${forUpdate('l')}`,
)

/** Returns the present names of lanes that have been renamed, by the former ones. */
export function presentNames(found: readonly LaneToOpen[]): Map<string, string> {
  return new Map(found.flatMap(({ wanted, lane }) => (wanted === lane ? [] : [[wanted, lane]])))
}

const EARLIEST = (now: string) => `case
  when next_at > paused_until and next_at > ${now} then next_at
  when paused_until > ${now} then paused_until
  else ${now} end`

const setPolicies = overRows(
  'open_lanes',
  POLICY,
  ({ rows, at }) => `update lanes set concurrency = r.concurrency, interval_ms = r.interval_ms,
    wake_at = case when wake_at > ${EARLIEST(at(2))} then ${EARLIEST(at(2))} else wake_at end
    from ${rows(POLICY)} as r where lanes.lane = r.lane`,
)

/**
 * Something new can be claimed in these lanes, whose locks the caller holds: puts them under today's policy and brings
 * their wake time forward to now, or to the end of their pace or pause.
 */
export const openLanes = ({ now }: Tx, lanes: readonly LaneToOpen[]): Call[] =>
  lanes.length === 0
    ? []
    : [
        setPolicies(
          lanes.map(({ lane, concurrency, interval_ms }) => ({ lane, concurrency, interval_ms })),
          now,
        ),
      ]

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

/** Reads and locks these lanes. */
export const lockedLanes = statement<LaneRow>(
  'locked_lanes',
  ({ isIn, forUpdate }) => `select * from lanes where ${isIn('lane', 1)} order by lane ${forUpdate('lanes')}`,
)

/** Reads and locks those of these lanes that nobody else holds: for who holds other lanes already, and must not wait. */
export const freeLanes = statement<LaneRow>(
  'free_lanes',
  ({ isIn, name }) =>
    `select * from lanes where ${isIn('lane', 1)} order by lane ${name === 'postgres' ? 'for update skip locked' : ''}`,
)

/** Finds those of these lanes that exist. */
export const existingLanes = statement<{ lane: string }>(
  'existing_lanes',
  ({ isIn }) => `select lane from lanes where ${isIn('lane', 1)}`,
)

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

const USED = {
  lane: 'text',
  next_at: 'bigint',
  paused_until: 'bigint',
  pause: 'text',
  pause_message: 'text',
  pauses: 'bigint',
  streak: 'bigint',
  streak_subjects: 'text',
  cursor: 'text',
  /** Null: by what waits in the lane. */
  wake_at: 'bigint',
  /** 0: nothing but the wake time may have changed. A row that stays as it is costs no fsync. */
  changed: 'bigint',
} as const

/** Writes lanes as a heartbeat has used them, each with its wake time. The second value is now. The caller holds their locks. */
export const saveUsedLanes = overRows(
  'save_used_lanes',
  USED,
  ({
    rows,
    at,
    name,
  }) => `update lanes set next_at = r.next_at, paused_until = r.paused_until, pause = r.pause,
      pause_message = r.pause_message, pauses = r.pauses, streak = r.streak, streak_subjects = r.streak_subjects,
      cursor = r.cursor, wake_at = r.wake
    from (select g.*, case when wake_at is not null then wake_at when due is null then ${NEVER}
        else ${name === 'sqlite' ? 'max' : 'greatest'}(due, next_at, paused_until, ${at(2)}) end as wake
      from (select u.*, (select due_at from deliveries where lane = u.lane and head = 1 and status = 'pending'
        order by due_at limit 1) as due from ${rows(USED)} as u) as g) as r
    where lanes.lane = r.lane and (r.changed = 1 or lanes.wake_at <> r.wake)`,
)

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
