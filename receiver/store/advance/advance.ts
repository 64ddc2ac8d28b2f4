import type { Db, Flavor } from '../db.ts'
import type { Advance, Advanced, Claimed, Consequence, Finished } from '../records.ts'
import { claimLane } from './claim.ts'
import { finish } from './finish.ts'
import { NEVER } from '../tables/lanes.ts'
import { endLapsed, findLapsed, type Lapsed } from './lapse.ts'
import { DELIVERING, PENDING } from '../tables/literals.ts'

/** Lanes looked at in one call: bounds how long the transaction holds their rows. */
const LANES_AT_ONCE = 16

/**
 * The engine's heartbeat, one transaction: writes what attempts showed, ends what expired, takes back what a
 * lost worker held, and claims what is due: per lane at most its concurrency and pace, targets in turn.
 */
export async function advance(db: Db, flavor: Flavor, args: Advance): Promise<Advanced> {
  const { now } = args
  const consequences: Consequence[] = []
  const lapsed = await findLapsed(db, now)
  await lockAll(db, flavor, args.finished, lapsed)
  const unseen = new Set(args.lanes)
  for (const result of args.finished) {
    const { consequence, promoted } = await finish(db, flavor, result, now)
    consequences.push(consequence)
    for (const lane of promoted) unseen.add(lane)
  }
  const { promoted, given_up } = await endLapsed(db, flavor, lapsed, now)
  for (const lane of promoted) unseen.add(lane)
  const claimed: Claimed[] = []
  const blocked_ms = new Map<string, number>()
  if (args.capacity > 0) {
    for (const lane of await ringingLanes(db, flavor, now, [...unseen])) {
      if (claimed.length >= args.capacity) break
      const room = args.capacity - claimed.length
      const look = await claimLane(db, flavor, lane, now, room, args.lease_ms)
      claimed.push(...look.claimed)
      blocked_ms.set(lane.lane, look.rest_ms)
      unseen.delete(lane.lane)
    }
  }
  const missed = await existing(db, [...unseen])
  const next = await nextAlarm(db)
  const wait_ms = next >= NEVER ? Infinity : Math.max(0, next - now)
  return { claimed, consequences, given_up, blocked_ms, missed, wait_ms }
}

/** Lanes first, then subjects, each in order: as everyone who takes several, so that nobody waits in a circle. */
async function lockAll(
  db: Db,
  flavor: Flavor,
  finished: readonly Finished[],
  { lost, over }: Lapsed,
): Promise<void> {
  const changed = [...finished, ...(await rowsOf(db, finished)), ...lost, ...over]
  if (changed.length === 0) return
  await flavor.lockLanes(
    db,
    changed.map(({ lane }) => lane),
  )
  await flavor.lockSubjects(
    db,
    changed.map(({ subject }) => subject),
  )
}

/** Where these deliveries are now: a lane may have got another name since they were claimed. */
async function rowsOf(db: Db, finished: readonly Finished[]): Promise<{ lane: string; subject: string }[]> {
  if (finished.length === 0) return []
  const ids = finished.map(({ delivery_id }) => delivery_id)
  return db.selectFrom('deliveries').select(['lane', 'subject']).where('id', 'in', ids).execute()
}

async function existing(db: Db, lanes: readonly string[]): Promise<string[]> {
  if (lanes.length === 0) return []
  const rows = await db.selectFrom('lanes').select('lane').where('lane', 'in', lanes).execute()
  return rows.map(({ lane }) => lane)
}

async function ringingLanes(db: Db, flavor: Flavor, now: number, lanes: readonly string[]) {
  const query = db
    .selectFrom('lanes')
    .selectAll()
    .where((eb) => eb.or([eb('ready_at', '<=', now), ...(lanes.length > 0 ? [eb('lane', 'in', lanes)] : [])]))
    .orderBy('ready_at')
    .limit(LANES_AT_ONCE)
  return flavor.skipLocked(query).execute()
}

/** The earliest thing that can happen by itself: a lane's alarm, a lost lease, an expiry. */
async function nextAlarm(db: Db): Promise<number> {
  const { lane, lease, expiry } = await db
    .selectNoFrom((eb) => [
      eb.selectFrom('lanes').select('ready_at').orderBy('ready_at').limit(1).as('lane'),
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
