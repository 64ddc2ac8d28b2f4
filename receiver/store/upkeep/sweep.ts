import type { Tx } from '../db.ts'
import type { DeliveryStatus, Retention, Swept } from '../records.ts'
import { deleteAttempts } from '../tables/attempts.ts'
import { deleteAudit } from '../tables/audit.ts'
import { deleteEnded } from '../tables/delivery-upkeep.ts'
import { deleteBareEvents, deleteUnmatched, holdEvents } from '../tables/events.ts'
import { deleteFailing } from '../tables/failing.ts'
import { sweepKnown } from '../tables/known.ts'
import { deleteRevisions } from '../tables/revisions.ts'
import { deleteSlots } from '../tables/slots.ts'

/** Rows of one kind that go in one transaction: short, so that ingest never waits for it. */
const BATCH = 500

/** How long the audit log is kept, in ms: a year, and the time to look into it. */
const AUDIT_MS = 400 * 86_400_000

/** The least time that a text of an automation is kept after it was in force, in ms: it is noted every few minutes. */
const LEAST_REVISION_MS = 86_400_000

const DONE: readonly DeliveryStatus[] = ['succeeded', 'superseded']
const UNDONE: readonly DeliveryStatus[] = ['failed', 'expired', 'canceled']

/**
 * Deletes one batch of what is past keeping: see `Operations.sweep`. An event goes with the last of its deliveries. How
 * old a row is goes by the clock that wrote it: the store's.
 */
export async function sweep(tx: Tx, { succeeded_ms, failed_ms }: Retention): Promise<Swept> {
  const { now } = tx
  let gone = 0
  for (const status of DONE) gone += await sweepDeliveries(tx, status, now - succeeded_ms)
  for (const status of UNDONE) gone += await sweepDeliveries(tx, status, now - failed_ms)
  for (const status of ['unmatched', 'stale', 'lookup_failed'] as const) {
    const kept_ms = status === 'lookup_failed' ? failed_ms : succeeded_ms
    gone += await deleteUnmatched(tx, { status, accepted_before: now - kept_ms, limit: BATCH })
  }
  gone += await deleteAudit(tx, { before: now - AUDIT_MS, limit: BATCH })
  // Twice as long as what could roll a slot back: that may have been tried again since.
  const longest_ms = Math.max(succeeded_ms, failed_ms)
  gone += await deleteSlots(tx, { noted_before: now - 2 * longest_ms, limit: BATCH })
  gone += await deleteFailing(tx, { before: now - 2 * longest_ms, limit: BATCH })
  // Last: what a delivery needs goes after the delivery.
  const noted_before = now - Math.max(longest_ms, LEAST_REVISION_MS)
  if (gone === 0) gone += await deleteRevisions(tx, { noted_before, limit: BATCH })
  const is_midway = await sweepKnown(tx)
  return { gone, is_done: gone === 0 && !is_midway }
}

async function sweepDeliveries(tx: Tx, status: DeliveryStatus, ended_before: number): Promise<number> {
  const old = await tx.db
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
  await holdEvents(tx, events)
  const gone = await deleteEnded(tx, { ids: old.map(({ id }) => id), status, ended_before })
  if (gone.length === 0) return 0
  await deleteAttempts(tx, gone)
  return gone.length + (await deleteBareEvents(tx, events))
}
