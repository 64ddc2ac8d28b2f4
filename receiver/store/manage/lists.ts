import { sql, type Selectable } from 'kysely'
import type { PauseReason } from '../../policy/lane.ts'
import type { Queries } from '../db.ts'
import { parse } from '../json-text.ts'
import type { DeliveriesTable } from '../schema.ts'
import { latestAttempts } from '../tables/attempts.ts'
import type {
  DeliveryDetail,
  DeliveryFilter,
  DeliverySummary,
  EventDetail,
  EventFilter,
  EventSummary,
  Page,
} from '../views.ts'
import { findDeliveries, findEvents } from './find.ts'
import { pageOf } from './window.ts'

/** How many bytes of events a page may hold, so that no page takes long to read or much memory; one event always fits. */
const PAGE_BYTES = 4 * 1024 * 1024

/** Returns a page of events, newest first. A page of large events is short, and goes on at its `next_cursor`. */
export async function listEvents(tx: Queries, filter: EventFilter): Promise<Page<EventSummary>> {
  const { seqs, next } = await withinBytes(tx, pageOf(await findEvents(tx, filter), filter.limit))
  if (seqs.length === 0) return { items: [], next_cursor: next }
  const rows = await tx.db
    .selectFrom('events')
    .select(['id', 'source', 'type', 'kind', 'status', 'received_at', 'event'])
    .where('seq', 'in', seqs)
    .orderBy('seq', 'desc')
    .execute()
  const deliveries = await deliveriesOf(
    tx,
    rows.map(({ id }) => id),
  )
  const items = rows.map((row) => ({ ...row, deliveries: deliveries.get(row.id) ?? [] }))
  return { items, next_cursor: next }
}

/** Returns the page as far as its events are within {@link PAGE_BYTES}. Lengths are read without the texts. */
async function withinBytes(
  { db }: Queries,
  page: ReturnType<typeof pageOf>,
): Promise<ReturnType<typeof pageOf>> {
  const { seqs } = page
  if (seqs.length < 2) return page
  const rows = await db
    .selectFrom('events')
    .select(['seq', sql<number>`octet_length(event)`.as('bytes')])
    .where('seq', 'in', seqs)
    .execute()
  const bytes = new Map(rows.map((row) => [row.seq, row.bytes]))
  let left = PAGE_BYTES
  const end = seqs.findIndex((seq, i) => {
    left -= bytes.get(seq) ?? 0
    return left < 0 && i > 0
  })
  return end === -1 ? page : { seqs: seqs.slice(0, end), next: String(seqs[end - 1]) }
}

/** Returns one event with its raw body, or null. */
export async function getEvent(tx: Queries, { id }: { id: string }): Promise<EventDetail | null> {
  const row = await tx.db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return null
  const { seq: _, model: _model, alias: _alias, context, ...event } = row
  const deliveries = await deliveriesOf(tx, [id])
  return { ...event, context: parse(context), deliveries: deliveries.get(id) ?? [] }
}

/** Returns the deliveries of these events as lists show them, by event. */
export async function deliveriesOf(
  tx: Queries,
  events: readonly string[],
): Promise<Map<string, DeliverySummary[]>> {
  if (events.length === 0) return new Map()
  const rows = await withLanes(tx).where('event_id', 'in', events).orderBy('seq').execute()
  const attempts = await latestAttempts(tx, 'deliveries.event_id', events)
  const deliveries = rows.map((row) => ({ ...summary(row), attempt_log: attempts.get(row.id) ?? [] }))
  return Map.groupBy(deliveries, ({ event_id }) => event_id)
}

/** Returns a page of deliveries, newest first. */
export async function listDeliveries(tx: Queries, filter: DeliveryFilter): Promise<Page<DeliverySummary>> {
  const { seqs, next } = pageOf(await findDeliveries(tx, filter), filter.limit)
  if (seqs.length === 0) return { items: [], next_cursor: next }
  const rows = await withLanes(tx).where('seq', 'in', seqs).orderBy('seq', 'desc').execute()
  const attempts = await latestAttempts(
    tx,
    'deliveries.id',
    rows.map(({ id }) => id),
  )
  const items = rows.map((row) => ({ ...summary(row), attempt_log: attempts.get(row.id) ?? [] }))
  return { items, next_cursor: next }
}

/** Returns one delivery with all of its attempts, oldest first, or null. */
export async function getDelivery(tx: Queries, { id }: { id: string }): Promise<DeliveryDetail | null> {
  const row = await withLanes(tx).where('id', '=', id).executeTakeFirst()
  if (row === undefined) return null
  const attempts = await tx.db
    .selectFrom('attempts')
    .selectAll()
    .where('delivery_id', '=', id)
    .orderBy('number')
    .execute()
  return {
    ...summary(row),
    attempt_log: attempts.map(({ at, duration_ms, status, class: kind, error, request, response }) => ({
      at,
      duration_ms,
      status,
      class: kind,
      error,
      request: parse(request),
      response,
    })),
  }
}

/** Deliveries, each with what its lane waits for. A delivery without a target has no lane. */
function withLanes({ db }: Queries) {
  return db
    .selectFrom('deliveries')
    .leftJoin('lanes', 'lanes.lane', 'deliveries.lane')
    .selectAll('deliveries')
    .select(['lanes.paused_until', 'lanes.pause', 'lanes.pause_message', 'lanes.next_at'])
}

type Row = Selectable<DeliveriesTable> & {
  paused_until: number | null
  pause: string | null
  pause_message: string | null
  next_at: number | null
}

function summary(row: Row): Omit<DeliverySummary, 'attempt_log'> {
  const {
    lease: _lease,
    lease_until: _until,
    head,
    ordered: _ordered,
    paused_until,
    pause,
    pause_message,
    next_at,
    error,
    ...rest
  } = row
  const next = row.status === 'pending' ? Math.max(row.due_at, paused_until ?? 0) : row.due_at
  return {
    ...rest,
    error: error === null ? null : parse(error),
    is_head: head === 1,
    lane_state:
      paused_until === null || next_at === null
        ? null
        : { paused_until, pause: pause as PauseReason | null, pause_message, next_at },
    next_attempt_at: row.status === 'pending' || row.status === 'delivering' ? next : null,
  }
}
