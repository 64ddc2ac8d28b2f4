import type { Tx } from '../db.ts'
import { parse } from '../json-text.ts'
import type { Claimed } from '../records.ts'
import { lease } from '../tables/deliveries.ts'
import { nextWake, NEVER, type LaneRow } from '../tables/lanes.ts'
import { DELIVERING, PENDING, YES } from '../tables/literals.ts'
import type { OpenLane } from './lane-book.ts'

/** Targets looked at in turn before the one that has waited longest is taken. */
const TURNS = 16

/** What a look at a lane gave. */
export interface LaneLook {
  claimed: Claimed[]
  /** See `Advanced.blocked_ms`. */
  blocked_ms: number
}

/** Leases what one lane allows now, at most `room` deliveries, and sets the lane's wake time in `open`. */
export async function claimLane(
  tx: Tx,
  open: OpenLane,
  { room, lease_ms }: { room: number; lease_ms: number },
): Promise<LaneLook> {
  const { now } = tx
  const lane = open.after
  const claimed: Claimed[] = []
  let free = await freeSlots(tx, lane)
  while (free > 0 && claimed.length < room && lane.next_at <= now && lane.paused_until <= now) {
    const head = await nextInTurn(tx, lane)
    if (head === null) break
    const leased = await lease(tx, { id: head.id, lease_ms })
    if (leased === null) break
    claimed.push(await readClaimed(tx, head.id, leased))
    lane.cursor = head.target
    lane.next_at = now + lane.interval_ms
    free -= 1
  }
  open.looked = true
  lane.wake_at = free > 0 ? await nextWake(tx, lane) : NEVER
  const blocked_ms = free > 0 ? Math.max(0, Math.max(lane.next_at, lane.paused_until) - now) : Infinity
  return { claimed, blocked_ms }
}

/** While a lane is in trouble, one request at a time tells whether it is over. */
async function freeSlots({ db }: Tx, lane: LaneRow): Promise<number> {
  const { under_way } = await db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.countAll<number>().as('under_way'))
    .where('lane', '=', lane.lane)
    .where('status', '=', DELIVERING)
    .executeTakeFirstOrThrow()
  return (lane.pause === null ? lane.concurrency : 1) - under_way
}

/**
 * The head to serve next: targets take turns, so that one with ten thousand waiting delays another by no more
 * than one turn each. The look round is bounded; past it, what was due first goes first.
 */
async function nextInTurn({ db, dialect, now }: Tx, { lane, cursor }: LaneRow) {
  const heads = db
    .selectFrom('deliveries')
    .select(['id', 'target', 'due_at'])
    .where('lane', '=', lane)
    .where('head', '=', YES)
    .where('status', '=', PENDING)
    .limit(1)
  const first = await dialect.skipLocked(heads.orderBy('due_at')).executeTakeFirst()
  if (first === undefined || first.due_at > now) return null
  let from = cursor
  let wrapped = false
  for (let turn = 0; turn < TURNS; turn++) {
    const query = heads.where('target', '>', from).orderBy('target').orderBy('due_at')
    const next = await dialect.skipLocked(query).executeTakeFirst()
    if (next === undefined) {
      if (wrapped) break
      wrapped = true
      from = ''
      continue
    }
    if (next.due_at <= now) return next
    from = next.target
  }
  return first
}

async function readClaimed({ db }: Tx, id: string, lease: string): Promise<Claimed> {
  const row = await db
    .selectFrom('deliveries')
    .innerJoin('events', 'events.id', 'deliveries.event_id')
    .innerJoin('revisions', 'revisions.id', 'deliveries.revision')
    .select([
      'deliveries.id',
      'deliveries.lane',
      'deliveries.subject',
      'deliveries.dedupe_key',
      'deliveries.automation',
      'deliveries.type',
      'deliveries.target',
      'deliveries.position',
      'deliveries.counted_attempts',
      'deliveries.redeliveries',
      'revisions.spec',
      'events.id as event_id',
      'events.event',
      'events.context',
    ])
    .where('deliveries.id', '=', id)
    .executeTakeFirstOrThrow()
  return { ...row, lease, context: parse(row.context) }
}
