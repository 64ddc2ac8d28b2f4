import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Db, Flavor } from '../db.ts'
import type { Claimed } from '../records.ts'
import type { LanesTable } from '../schema.ts'
import { readContext } from '../accept/accept.ts'
import { laneAlarm, NEVER } from '../tables/lanes.ts'
import { DELIVERING, PENDING, YES } from '../tables/literals.ts'

/** Targets looked at in turn before the one that has waited longest is taken. */
const TURNS = 16

type Lane = Selectable<LanesTable>

/** What a look at a lane gave. */
export interface LaneLook {
  claimed: Claimed[]
  /** Ms in which nothing of this lane can be claimed, whatever comes into it; Infinity: until an attempt ends. */
  rest_ms: number
}

/** Claims what one lane allows now, at most `room`, and sets its alarm for the next time. */
export async function claimLane(
  db: Db,
  flavor: Flavor,
  lane: Lane,
  now: number,
  room: number,
  lease_ms: number,
): Promise<LaneLook> {
  const claimed: Claimed[] = []
  let { next_at, cursor } = lane
  let free = await freeSlots(db, lane)
  while (free > 0 && claimed.length < room && next_at <= now && lane.paused_until <= now) {
    const head = await nextInTurn(db, flavor, lane.lane, cursor, now)
    if (head === null) break
    const taken = await lease(db, head.id, now, lease_ms)
    if (taken === null) break
    claimed.push(taken)
    cursor = head.target
    next_at = now + lane.interval_ms
    free -= 1
  }
  const rest_ms = free > 0 ? Math.max(0, Math.max(next_at, lane.paused_until) - now) : Infinity
  const ready_at = free > 0 ? await laneAlarm(db, { ...lane, next_at }, now) : NEVER
  // A look that changes nothing writes nothing: it would cost an fsync.
  if (claimed.length === 0 && ready_at === lane.ready_at) return { claimed, rest_ms }
  await db.updateTable('lanes').set({ next_at, cursor, ready_at }).where('lane', '=', lane.lane).execute()
  return { claimed, rest_ms }
}

/** While a lane is in trouble, one request at a time tells whether it is over. */
async function freeSlots(db: Db, lane: Lane): Promise<number> {
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
async function nextInTurn(db: Db, flavor: Flavor, lane: string, cursor: string, now: number) {
  const heads = db
    .selectFrom('deliveries')
    .select(['id', 'target', 'due_at'])
    .where('lane', '=', lane)
    .where('head', '=', YES)
    .where('status', '=', PENDING)
    .limit(1)
  const first = await flavor.skipLocked(heads.orderBy('due_at')).executeTakeFirst()
  if (first === undefined || first.due_at > now) return null
  let from = cursor
  let wrapped = false
  for (let turn = 0; turn < TURNS; turn++) {
    const query = heads.where('target', '>', from).orderBy('target').orderBy('due_at')
    const next = await flavor.skipLocked(query).executeTakeFirst()
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

/** Null where it has ended meanwhile, or its time has run out and nobody has ended it yet. */
async function lease(db: Db, id: string, now: number, lease_ms: number): Promise<Claimed | null> {
  const lease = randomUUID()
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ status: 'delivering', lease, lease_until: now + lease_ms })
    .where('id', '=', id)
    .where('status', '=', PENDING)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return null
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
      'deliveries.attempts',
      'revisions.spec',
      'events.id as event_id',
      'events.event',
      'events.context',
    ])
    .where('deliveries.id', '=', id)
    .executeTakeFirstOrThrow()
  return { ...row, lease, context: readContext(row.context) }
}
