import { randomUUID } from 'node:crypto'
import type { Tx } from '../db.ts'
import { parse, type JsonText } from '../json-text.ts'
import type { Advance, Claimed, EventContext } from '../records.ts'
import { overRows, statement, type Call, type Engine } from '../statement.ts'
import { leaseAll } from '../tables/deliveries.ts'
import { existingLanes, NEVER, saveUsedLanes, type LaneRow } from '../tables/lanes.ts'
import type { LaneBook, OpenLane } from './lane-book.ts'

/** Lanes looked at in one call: bounds how long the transaction holds their rows. */
const LANES_AT_ONCE = 16
/** Heads looked at in turn before the one that has waited longest is taken. */
const TURNS = 500

/** The delivery to serve next in a lane. */
interface Pick {
  lane: string
  id: string | null
  target: string | null
}

/** The rows found by a look at the lanes that are due. */
export type Looked = readonly [due: LaneRow[], looks: (Pick & { under_way: number })[]] | readonly []

const HEADS = "from deliveries where head = 1 and status = 'pending' and lane = "

/**
 * The `seq` of the head to serve next in the lane `l`: targets take turns, so that one with ten thousand waiting delays
 * another by no more than one turn each. The look round is bounded; past it, what was due first goes first.
 */
function nextInTurn(l: string, now: string): string {
  const first = (from: string) => `(select seq from (select seq, due_at ${HEADS}${l}.lane and target > ${from}
    order by target, due_at limit ${TURNS}) as turn where due_at <= ${now} limit 1)`
  return `case when (select due_at ${HEADS}${l}.lane order by due_at limit 1) <= ${now} then coalesce(
    ${first(`${l}.cursor`)}, ${first("''")}, (select seq ${HEADS}${l}.lane order by due_at limit 1)) end`
}

/** A delivery that was just reclaimed may be over time: the next heartbeat expires it. */
const isInTime = (now: string) => `(d.expires_at is null or d.expires_at > ${now})`

const isDue = ({ at, isIn }: Engine) => `(wake_at <= ${at(1)} or ${isIn('lane', 2)})`

const dueLanes = statement<LaneRow>(
  'due_lanes',
  (engine) => `select * from lanes where ${isDue(engine)} order by wake_at limit ${LANES_AT_ONCE}
    ${engine.name === 'postgres' ? 'for update skip locked' : ''}`,
)

/** More lanes than are looked at: another replica may hold some. */
const looks = statement<Pick & { under_way: number }>(
  'looks',
  (engine) => `select l.lane, l.under_way, d.id, d.target from (
      select l.lane, ${nextInTurn('l', engine.at(1))} as next,
        (select count(*) from deliveries where lane = l.lane and status = 'delivering') as under_way
      from (select lane, cursor from lanes where ${isDue(engine)} order by wake_at limit ${4 * LANES_AT_ONCE}) as l) as l
    left join deliveries d on d.seq = l.next and ${isInTime(engine.at(1))}`,
)

const TURN = { lane: 'text', cursor: 'text' } as const

const picks = overRows<Pick>(
  'picks',
  TURN,
  ({ rows, at }) => `select l.lane, d.id, d.target from (
      select l.lane, ${nextInTurn('l', at(2))} as next from ${rows(TURN)} as l) as l
    left join deliveries d on d.seq = l.next and ${isInTime(at(2))}`,
)

/** Returns what looks at the lanes that are due, and at `lanes`. */
export const lookAt = ({ now }: Tx, lanes: readonly string[]): Call[] => [
  dueLanes(now, lanes),
  looks(now, lanes),
]

interface ClaimedRow extends Omit<Claimed, 'context' | 'lease'> {
  lease: string
  context: JsonText<EventContext>
}

const readClaimed = statement<ClaimedRow>(
  'read_claimed',
  ({
    isIn,
  }) => `select d.id, d.lease, d.lane, d.subject, d.dedupe_key, d.automation, d.type, d.target, d.position,
      d.counted_attempts, d.redeliveries, r.spec, e.id as event_id, e.event, e.context
    from deliveries d join events e on e.id = d.event_id join revisions r on r.id = d.revision
    where ${isIn('d.id', 1)}`,
)

/** The earliest thing that can happen by itself: a lane's wake time, a lost lease, an expiry. */
const nextTime = statement<{ lane: number | null; lease: number | null; expiry: number | null }>(
  'next_time',
  () => `select (select wake_at from lanes order by wake_at limit 1) as lane,
    (select lease_until from deliveries where status = 'delivering' order by lease_until limit 1) as lease,
    (select expires_at from deliveries where status = 'pending' and expires_at is not null
      order by expires_at limit 1) as expiry`,
)()

/** A lane that is looked at. */
interface Lane {
  open: OpenLane
  free: number
  pick: Pick
  /** Whether its pick was taken. */
  is_served: boolean
}

/** The claimed deliveries. */
export interface ClaimedAll {
  claimed: Claimed[]
  /** See `Advanced`. */
  blocked_ms: Map<string, number>
  missed: string[]
  /** When something can happen by itself, Unix ms. */
  next: number
}

/**
 * Leases what the lanes allow now, one delivery of each lane after the other, writes the lanes, and ends the
 * transaction. `unseen` are lanes that must be looked at.
 */
export async function claimAll(
  tx: Tx,
  {
    args: { capacity, lease_ms },
    lanes,
    look: [due = [], looks = []],
    unseen,
  }: { args: Advance; lanes: LaneBook; look: Looked; unseen: readonly string[] },
): Promise<ClaimedAll> {
  const { now } = tx
  const found = new Map(looks.map((pick) => [pick.lane, pick]))
  let turn = firstTurn(due, { found, lanes, room: capacity, now })
  const looked = [...turn]
  const leases = new Map<string, string>()
  const rows: ClaimedRow[] = []
  let calls = leaseFrom(turn, { leases, now, lease_ms })
  for (;;) {
    turn = looked.filter((lane) => lane.is_served && allows(lane, now)).slice(0, capacity - leases.size)
    if (turn.length === 0) break
    const again = turn.map(({ open: { after } }) => ({ lane: after.lane, cursor: after.cursor }))
    const answers = await tx.batch([...calls, picks(again, now)])
    rows.push(...(answers[1] as ClaimedRow[]))
    const next = new Map((answers[2] as Pick[]).map((pick) => [pick.lane, pick]))
    for (const lane of turn) lane.pick = next.get(lane.open.after.lane) ?? { ...lane.pick, id: null }
    calls = leaseFrom(turn, { leases, now, lease_ms })
  }
  const blocked_ms = new Map(looked.map((lane) => [lane.open.after.lane, blockedMs(lane, now)]))
  const missing = [...new Set(unseen)].filter((lane) => !blocked_ms.has(lane))
  const [, last, , [times], missed] = (await tx.finish([
    ...calls,
    saveUsedLanes(lanes.used(looked), now),
    nextTime,
    existingLanes(missing),
  ])) as unknown as [unknown, ClaimedRow[], unknown, Times[], { lane: string }[]]
  const next = Math.min(times?.lane ?? NEVER, times?.lease ?? NEVER, times?.expiry ?? NEVER)
  const claimed = inOrder([...rows, ...last], leases)
  return { claimed, blocked_ms, missed: missed.map(({ lane }) => lane), next }
}

interface Times {
  lane: number | null
  lease: number | null
  expiry: number | null
}

/** The lanes that are looked at: those from which something can be claimed only as long as there is room. */
function firstTurn(
  due: readonly LaneRow[],
  {
    found,
    lanes,
    room,
    now,
  }: { found: ReadonlyMap<string, Pick & { under_way: number }>; lanes: LaneBook; room: number; now: number },
): Lane[] {
  const turn: Lane[] = []
  let left = room
  for (const row of due) {
    const pick = found.get(row.lane)
    if (pick === undefined || left === 0) continue
    const open = lanes.open(row)
    // While a lane is in trouble, one request at a time tells whether it is over.
    const lane = {
      open,
      pick,
      is_served: false,
      free: (open.after.pause === null ? open.after.concurrency : 1) - pick.under_way,
    }
    if (isOpen(lane, now)) left -= 1
    turn.push(lane)
  }
  return turn
}

const allows = ({ open: { after }, free }: Lane, now: number) =>
  free > 0 && after.next_at <= now && after.paused_until <= now

const isOpen = (lane: Lane, now: number) => lane.pick.id !== null && allows(lane, now)

/** Leases the picks of these lanes. */
function leaseFrom(
  turn: readonly Lane[],
  { leases, now, lease_ms }: { leases: Map<string, string>; now: number; lease_ms: number },
): Call[] {
  const given = turn.flatMap((lane) => take(lane, now)).map((id) => ({ id, lease: randomUUID() }))
  for (const { id, lease } of given) leases.set(id, lease)
  return [leaseAll(given, now + lease_ms, now), readClaimed(given.map(({ id }) => id))]
}

/** Takes the delivery whose turn it is, where the lane allows it. Returns its id. */
function take(lane: Lane, now: number): string[] {
  const { open, pick } = lane
  lane.is_served = isOpen(lane, now)
  if (!lane.is_served || pick.id === null) return []
  open.after.cursor = pick.target ?? ''
  open.after.next_at = now + open.after.interval_ms
  lane.free -= 1
  return [pick.id]
}

const blockedMs = ({ open: { after }, free }: Lane, now: number) =>
  free > 0 ? Math.max(0, Math.max(after.next_at, after.paused_until) - now) : Infinity

/** The leased deliveries, in the order of leasing: a delivery that another has changed meanwhile is under no lease of ours. */
function inOrder(rows: readonly ClaimedRow[], leases: ReadonlyMap<string, string>): Claimed[] {
  const found = new Map(rows.map((row) => [row.id, row]))
  return [...leases].flatMap(([id, lease]) => {
    const row = found.get(id)
    return row?.lease === lease ? [{ ...row, context: parse(row.context) }] : []
  })
}
