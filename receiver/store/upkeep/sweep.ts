import type { Db, Flavor } from '../db.ts'
import type { DeliveryStatus, Retention } from '../records.ts'
import { REPEATS_KEPT_MS } from '../tables/identities.ts'

/** Rows of one kind that go in one transaction: short, so that ingest never waits for it. */
const BATCH = 500

const DONE: readonly DeliveryStatus[] = ['succeeded', 'superseded']
const UNDONE: readonly DeliveryStatus[] = ['failed', 'expired', 'canceled']

/**
 * Deletes one batch of what is past keeping, oldest first; gives how many rows went, 0 when nothing is left to
 * delete. An event goes with the last of its deliveries. `now` is the store's own time, Unix ms: how old a row is goes
 * by the clock that wrote it.
 */
export async function sweep(
  db: Db,
  flavor: Flavor,
  { succeeded_ms, failed_ms, now }: Retention & { now: number },
): Promise<number> {
  let gone = 0
  for (const status of DONE) gone += await sweepDeliveries(db, flavor, status, now - succeeded_ms)
  for (const status of UNDONE) gone += await sweepDeliveries(db, flavor, status, now - failed_ms)
  gone += await sweepUnmatched(db, now - succeeded_ms)
  gone += await sweepIdentities(db, now)
  gone += await sweepBodies(db, now - REPEATS_KEPT_MS)
  // Twice as long as what could roll a subject back: that may have been tried again since.
  return gone + (await sweepSubjects(db, now - 2 * Math.max(succeeded_ms, failed_ms)))
}

async function sweepDeliveries(
  db: Db,
  flavor: Flavor,
  status: DeliveryStatus,
  ended_before: number,
): Promise<number> {
  const old = await db
    .selectFrom('deliveries')
    .select(['id', 'event_id'])
    .where('status', '=', status)
    .where('ended_at', '<', ended_before)
    .orderBy('ended_at')
    .limit(BATCH)
    .execute()
  if (old.length === 0) return 0
  // Two replicas that delete one delivery each of an event would each leave it to the other.
  const events = [...new Set(old.map(({ event_id }) => event_id))]
  await flavor.locked(db.selectFrom('events').select('id').where('id', 'in', events).orderBy('id')).execute()
  // Asked again: one may have been put back into the queue meanwhile.
  const gone = await db
    .deleteFrom('deliveries')
    .where('id', 'in', idsOf(old))
    .where('status', '=', status)
    .where('ended_at', '<', ended_before)
    .returning('id')
    .execute()
  if (gone.length === 0) return 0
  await db.deleteFrom('attempts').where('delivery_id', 'in', idsOf(gone)).execute()
  const without = await db
    .deleteFrom('events')
    .where('id', 'in', events)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('deliveries').select('id').whereRef('deliveries.event_id', '=', 'events.id')),
      ),
    )
    .executeTakeFirst()
  return gone.length + Number(without.numDeletedRows)
}

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

async function sweepUnmatched(db: Db, received_before: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('events')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('events')
        .select('seq')
        .where('status', '=', 'unmatched')
        .where('received_at', '<', received_before)
        .orderBy('received_at')
        .limit(BATCH),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function sweepIdentities(db: Db, now: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('identities')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('identities')
        .select('key')
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(BATCH),
    )
    // Asked again: one may have come once more meanwhile.
    .where('expires_at', '<', now)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function sweepBodies(db: Db, seen_before: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('bodies')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('bodies')
        .select('key')
        .where('seen_at', '<', seen_before)
        .orderBy('seen_at')
        .limit(BATCH),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function sweepSubjects(db: Db, noted_before: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('subjects')
    .where('subject', 'in', (eb) =>
      eb
        .selectFrom('subjects')
        .select('subject')
        .where('noted_at', '<', noted_before)
        .orderBy('noted_at')
        .limit(BATCH),
    )
    .where('noted_at', '<', noted_before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
