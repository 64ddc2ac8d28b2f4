import { sql, type Selectable } from 'kysely'
import type { Db } from '../db.ts'
import { readContext } from '../accept/accept.ts'
import { parse } from '../json-text.ts'
import type { DeliveriesTable } from '../schema.ts'
import {
  LISTED_ATTEMPTS,
  type AttemptSummary,
  type DeliveryDetail,
  type DeliveryFilter,
  type DeliverySummary,
  type EventDetail,
  type EventFilter,
  type EventSummary,
  type Page,
} from '../views.ts'

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
  if (events.length === 0) return new Map()
  const rows = await withLanes(db).where('event_id', 'in', events).orderBy('seq').execute()
  const attempts = await latestAttempts(db, 'deliveries.event_id', events)
  const deliveries = rows.map((row) => ({ ...summary(row), attempt_log: attempts.get(row.id) ?? [] }))
  return Map.groupBy(deliveries, ({ event_id }) => event_id)
}

/** Deliveries, newest first. */
export async function listDeliveries(db: Db, filter: DeliveryFilter): Promise<Page<DeliverySummary>> {
  let query = withLanes(db)
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
  const attempts = await latestAttempts(
    db,
    'deliveries.id',
    page.map(({ id }) => id),
  )
  return {
    items: page.map((row) => ({ ...summary(row), attempt_log: attempts.get(row.id) ?? [] })),
    next_cursor: rows.length > filter.limit ? String(page.at(-1)?.seq) : null,
  }
}

/** One delivery with its attempts, oldest first, or null. */
export async function getDelivery(db: Db, { id }: { id: string }): Promise<DeliveryDetail | null> {
  const row = await withLanes(db).where('id', '=', id).executeTakeFirst()
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
      request: parse(request),
      response,
    })),
  }
}

/** Deliveries, each with the time until which its lane rests. One that has no target has no lane. */
function withLanes(db: Db) {
  return db
    .selectFrom('deliveries')
    .leftJoin('lanes', 'lanes.lane', 'deliveries.lane')
    .selectAll('deliveries')
    .select('lanes.paused_until')
}

/**
 * The latest attempts of all deliveries that `column` names, by delivery and oldest first. Attempts are numbered by
 * the delivery's `tries`, so none but these are read.
 */
async function latestAttempts(
  db: Db,
  column: 'deliveries.id' | 'deliveries.event_id',
  values: readonly string[],
): Promise<Map<string, AttemptSummary[]>> {
  if (values.length === 0) return new Map()
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('attempts', (join) =>
      join
        .onRef('attempts.delivery_id', '=', 'deliveries.id')
        .on('attempts.number', '>', sql<number>`deliveries.tries - ${sql.lit(LISTED_ATTEMPTS)}`),
    )
    .select([
      'attempts.delivery_id',
      'attempts.at',
      'attempts.duration_ms',
      'attempts.status',
      'attempts.class',
      'attempts.error',
    ])
    .where(column, 'in', values)
    .orderBy('attempts.delivery_id')
    .orderBy('attempts.number')
    .execute()
  const found = new Map<string, AttemptSummary[]>()
  for (const { delivery_id, ...attempt } of rows) {
    const log = found.get(delivery_id)
    if (log === undefined) found.set(delivery_id, [attempt])
    else log.push(attempt)
  }
  return found
}

type Row = Selectable<DeliveriesTable> & { paused_until: number | null }

function summary(row: Row): Omit<DeliverySummary, 'attempt_log'> {
  const {
    lease: _lease,
    lease_until: _until,
    head: _head,
    ordered: _ordered,
    paused_until,
    error,
    ...rest
  } = row
  const next = row.status === 'pending' ? Math.max(row.due_at, paused_until ?? 0) : row.due_at
  return {
    ...rest,
    error: error === null ? null : parse(error),
    next_attempt_at: row.status === 'pending' || row.status === 'delivering' ? next : null,
  }
}

function readCursor(cursor: string): number {
  const seq = Number(cursor)
  return Number.isSafeInteger(seq) ? seq : 0
}
