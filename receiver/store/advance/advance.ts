import type { Tx } from '../db.ts'
import type { Advance, Advanced, Claimed, Finished } from '../records.ts'
import { promote } from '../tables/heads.ts'
import { NEVER } from '../tables/lanes.ts'
import { DELIVERING, PENDING } from '../tables/literals.ts'
import { claimLane } from './claim.ts'
import { finishAll } from './finish.ts'
import { LaneBook } from './lane-book.ts'
import { endOverdue, findOverdue, type Overdue } from './overdue.ts'

/** Lanes looked at in one call: bounds how long the transaction holds their rows. */
const LANES_AT_ONCE = 16

/**
 * The engine's heartbeat: see `Operations.advance`. Every touched subject is promoted once, after all that changes
 * deliveries; every touched lane is written once, at the end.
 */
export async function advance(tx: Tx, args: Advance): Promise<Advanced> {
  const { finished } = args
  const overdue = await findOverdue(tx)
  const lanes = await lockAll(tx, finished, overdue)
  const { consequences, subjects, superseded } = await finishAll(tx, finished, lanes)
  const { changed, given_up } = await endOverdue(tx, overdue)
  for (const { lane } of changed) lanes.held(lane)
  const promoted = await promote(tx, [...subjects, ...changed.map(({ subject }) => subject)])
  const unseen = new Set([...args.lanes, ...promoted])
  const { claimed, blocked_ms } = await claimAll(tx, args, lanes, unseen)
  await lanes.save(tx)
  const missed = await existing(tx, [...unseen])
  const next = await nextTime(tx)
  const wait_ms = next >= NEVER ? Infinity : Math.max(0, next - tx.now)
  return { claimed, consequences, given_up, superseded, blocked_ms, missed, wait_ms }
}

/** Locks the lanes and subjects of all that is to be changed, and opens these lanes. */
async function lockAll(tx: Tx, finished: readonly Finished[], { lost, expired }: Overdue): Promise<LaneBook> {
  const lanes = new LaneBook()
  const changed = [...finished, ...(await belonging(tx, finished)), ...lost, ...expired]
  if (changed.length === 0) return lanes
  const names = changed.map(({ lane }) => lane)
  await tx.lock({ lanes: names, subjects: changed.map(({ subject }) => subject) })
  await lanes.read(tx, names)
  return lanes
}

/** Where these deliveries are now: a lane may have got another name since they were claimed. */
async function belonging(
  { db }: Tx,
  finished: readonly Finished[],
): Promise<{ lane: string; subject: string }[]> {
  if (finished.length === 0) return []
  const ids = finished.map(({ delivery_id }) => delivery_id)
  return db.selectFrom('deliveries').select(['lane', 'subject']).where('id', 'in', ids).execute()
}

/** Claims from the lanes that are due and from `unseen`, and takes out of `unseen` what it has looked at. */
async function claimAll(
  tx: Tx,
  { capacity, lease_ms }: Advance,
  lanes: LaneBook,
  unseen: Set<string>,
): Promise<{ claimed: Claimed[]; blocked_ms: Map<string, number> }> {
  const claimed: Claimed[] = []
  const blocked_ms = new Map<string, number>()
  if (capacity === 0) return { claimed, blocked_ms }
  for (const row of await dueLanes(tx, [...unseen, ...lanes.ready(tx.now)])) {
    if (claimed.length >= capacity) break
    const look = await claimLane(tx, lanes.open(row), { room: capacity - claimed.length, lease_ms })
    claimed.push(...look.claimed)
    blocked_ms.set(row.lane, look.blocked_ms)
    unseen.delete(row.lane)
  }
  return { claimed, blocked_ms }
}

async function dueLanes({ db, dialect, now }: Tx, lanes: readonly string[]) {
  const query = db
    .selectFrom('lanes')
    .selectAll()
    .where((eb) => eb.or([eb('wake_at', '<=', now), ...(lanes.length > 0 ? [eb('lane', 'in', lanes)] : [])]))
    .orderBy('wake_at')
    .limit(LANES_AT_ONCE)
  return dialect.skipLocked(query).execute()
}

/** The lanes of these names that exist. */
async function existing({ db }: Tx, lanes: readonly string[]): Promise<string[]> {
  if (lanes.length === 0) return []
  const rows = await db.selectFrom('lanes').select('lane').where('lane', 'in', lanes).execute()
  return rows.map(({ lane }) => lane)
}

/** The earliest thing that can happen by itself: a lane's wake time, a lost lease, an expiry. */
async function nextTime({ db }: Tx): Promise<number> {
  const { lane, lease, expiry } = await db
    .selectNoFrom((eb) => [
      eb.selectFrom('lanes').select('wake_at').orderBy('wake_at').limit(1).as('lane'),
      eb
        .selectFrom('deliveries')
        .select('lease_until')
        .where('status', '=', DELIVERING)
        .orderBy('lease_until')
        .limit(1)
        .as('lease'),
      eb
        .selectFrom('deliveries')
        .select('expires_at')
        .where('status', '=', PENDING)
        .where('expires_at', 'is not', null)
        .orderBy('expires_at')
        .limit(1)
        .as('expiry'),
    ])
    .executeTakeFirstOrThrow()
  return Math.min(lane ?? NEVER, lease ?? NEVER, expiry ?? NEVER)
}
