import type { Selectable } from 'kysely'
import type { Db } from '../flavor.ts'
import type { DeliveriesTable, DeliveryStatus } from '../schema.ts'
import { readContext, type EventContext } from './accept.ts'

export interface Page<T> {
  items: T[]
  /** Pass as `cursor` for what comes after; null at the end. */
  next_cursor: string | null
}

export interface EventSummary {
  id: string
  source: string
  type: string
  kind: string
  status: string
  received_at: number
  /** JSON of the ModelEvent. */
  event: string
  deliveries: DeliverySummary[]
}

export type EventDetail = EventSummary & { raw: Uint8Array; context: EventContext }

export type DeliverySummary = Omit<
  Selectable<DeliveriesTable>,
  'lease' | 'lease_until' | 'error' | 'head' | 'ordered'
> & { error: { class: string; message: string; fix: string } | null }

export interface AttemptDetail {
  at: number
  duration_ms: number
  status: number | null
  class: string
  error: string | null
  request: unknown
  response: string | null
}

export type DeliveryDetail = DeliverySummary & { attempt_log: AttemptDetail[] }

export interface EventFilter {
  source?: string
  type?: string
  kind?: string
  status?: string
  automation?: string
  limit: number
  cursor?: string
}

export interface DeliveryFilter {
  status?: DeliveryStatus
  automation?: string
  destination?: string
  event?: string
  limit: number
  cursor?: string
}

/** Events, newest first. */
export async function listEvents(db: Db, filter: EventFilter): Promise<Page<EventSummary>> {
  let query = db
    .selectFrom('events')
    .select(['seq', 'id', 'source', 'type', 'kind', 'status', 'received_at', 'event'])
    .orderBy('seq', 'desc')
    .limit(filter.limit + 1)
  if (filter.source !== undefined) query = query.where('source', '=', filter.source)
  if (filter.type !== undefined) query = query.where('type', '=', filter.type)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.status === 'matched' || filter.status === 'unmatched')
    query = query.where('status', '=', filter.status)
  if (filter.automation !== undefined) {
    const { automation } = filter
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('deliveries').select('event_id').where('automation', '=', automation),
    )
  }
  if (filter.cursor !== undefined) query = query.where('seq', '<', readCursor(filter.cursor))
  const rows = await query.execute()
  const page = rows.slice(0, filter.limit)
  const deliveries = await deliveriesOf(
    db,
    page.map(({ id }) => id),
  )
  return {
    items: page.map(({ seq: _, ...row }) => ({ ...row, deliveries: deliveries.get(row.id) ?? [] })),
    next_cursor: rows.length > filter.limit ? String(page.at(-1)?.seq) : null,
  }
}

/** One event with its raw body, or null. */
export async function getEvent(db: Db, { id }: { id: string }): Promise<EventDetail | null> {
  const row = await db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return null
  const { seq: _, context, ...event } = row
  const deliveries = await deliveriesOf(db, [id])
  return { ...event, context: readContext(context), deliveries: deliveries.get(id) ?? [] }
}

async function deliveriesOf(db: Db, events: readonly string[]): Promise<Map<string, DeliverySummary[]>> {
  const found = new Map<string, DeliverySummary[]>()
  if (events.length === 0) return found
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('event_id', 'in', events)
    .orderBy('seq')
    .execute()
  for (const row of rows) found.set(row.event_id, [...(found.get(row.event_id) ?? []), summary(row)])
  return found
}

/** Deliveries, newest first. */
export async function listDeliveries(db: Db, filter: DeliveryFilter): Promise<Page<DeliverySummary>> {
  let query = db
    .selectFrom('deliveries')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(filter.limit + 1)
  if (filter.status !== undefined) {
    const open = filter.status === 'pending' || filter.status === 'delivering'
    query = query.where('status', '=', filter.status).where('ended_at', open ? 'is' : 'is not', null)
  }
  if (filter.automation !== undefined) query = query.where('automation', '=', filter.automation)
  if (filter.destination !== undefined) query = query.where('target', '=', filter.destination)
  if (filter.event !== undefined) query = query.where('event_id', '=', filter.event)
  if (filter.cursor !== undefined) query = query.where('seq', '<', readCursor(filter.cursor))
  const rows = await query.execute()
  const page = rows.slice(0, filter.limit)
  return {
    items: page.map(summary),
    next_cursor: rows.length > filter.limit ? String(page.at(-1)?.seq) : null,
  }
}

/** One delivery with its attempts, oldest first, or null. */
export async function getDelivery(db: Db, { id }: { id: string }): Promise<DeliveryDetail | null> {
  const row = await db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return null
  const attempts = await db
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
      request: JSON.parse(request) as unknown,
      response,
    })),
  }
}

function summary(row: Selectable<DeliveriesTable>): DeliverySummary {
  const { lease: _lease, lease_until: _until, head: _head, ordered: _ordered, error, ...rest } = row
  return { ...rest, error: error === null ? null : (JSON.parse(error) as DeliverySummary['error']) }
}

function readCursor(cursor: string): number {
  const seq = Number(cursor)
  return Number.isSafeInteger(seq) ? seq : 0
}
