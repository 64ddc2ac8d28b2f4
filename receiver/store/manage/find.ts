import { sql, type RawBuilder } from 'kysely'
import type { Queries } from '../db.ts'
import type { DeliveryFilter, EventFilter } from '../views.ts'
import {
  allOf,
  contains,
  deliveryBounds,
  eventBounds,
  LOOKED_THROUGH,
  SEARCHED_THROUGH,
  within,
  type Bounds,
  type Looked,
} from './window.ts'

type Conditions = RawBuilder<unknown>[]

/** Equality filters of events, those first that leave fewest: each has an index of its own with `seq`. */
const EVENT_COLUMNS = ['model', 'alias', 'type', 'kind', 'source', 'status'] as const

/** Finds the events of a page: by the index of one filter, the others looked at row by row. */
export async function findEvents(tx: Queries, filter: EventFilter): Promise<Looked> {
  const { since, until, automation, automations, q } = filter
  const bounds = await eventBounds(tx, { since, until })
  const given = EVENT_COLUMNS.flatMap((column) => {
    const value = filter[column]
    return value === undefined ? [] : [{ column, value }]
  })
  const [driver, ...others] = given
  const wanted =
    automation === undefined ? automations : [automation].filter((one) => automations?.includes(one) ?? true)
  const drive: Conditions = [
    ...(driver === undefined ? [] : [sql`${sql.ref(driver.column)} = ${driver.value}`]),
    // Only matched events have deliveries.
    ...(driver === undefined && wanted !== undefined ? [sql`status = 'matched'`] : []),
    ...within(sql`seq`, bounds, filter.cursor),
  ]
  const rest: Conditions = [
    ...others.map(({ column, value }) => sql`e.${sql.ref(column)} = ${value}`),
    ...timeConditions(sql`e.received_at`, filter),
    ...(wanted === undefined
      ? []
      : [
          sql`exists (select 1 from deliveries as d where d.event_id = e.id and ${isOneOf(sql`d.automation`, wanted)})`,
        ]),
    ...(q === undefined ? [] : [contains(sql`e.event`, q)]),
  ]
  // Only what the conditions need: the engine may copy every row that is looked through.
  const columns = ['seq', ...(rest.length === 0 ? [] : [...EVENT_COLUMNS, 'id', 'received_at'])]
  const needed = [...columns, ...(q === undefined ? [] : ['event'])].map((column) => sql.ref(column))
  return look(tx, {
    rows: sql`select ${sql.join(needed)} from events where ${allOf(drive)} order by seq desc`,
    rest,
    filter,
  })
}

/** Finds the deliveries of a page, in the same way. */
export async function findDeliveries(tx: Queries, filter: DeliveryFilter): Promise<Looked> {
  const events = await eventBounds(tx, filter)
  const bounds = await deliveryBounds(tx, events)
  const { status, event, automation, automations, destination, model, alias } = filter
  const candidates: [RawBuilder<unknown>, RawBuilder<unknown>][] = [
    ...(event === undefined ? [] : [[sql`event_id = ${event}`, sql`e.event_id = ${event}`] as never]),
    ...(destination === undefined
      ? []
      : [[sql`target = ${destination}`, sql`e.target = ${destination}`] as never]),
    ...(automation === undefined
      ? []
      : [[sql`automation = ${automation}`, sql`e.automation = ${automation}`] as never]),
    ...(status === undefined ? [] : [[byStatus(status), sql`e.status = ${status}`] as never]),
  ]
  const byModel = model !== undefined || alias !== undefined
  const [driver, ...others] = candidates
  const drive = byModel && event === undefined
  const rest: Conditions = [
    ...(drive ? candidates : others).map(([, condition]) => condition),
    ...(automations === undefined ? [] : [isOneOf(sql`e.automation`, automations)]),
    ...timeConditions(sql`e.created_at`, filter),
    ...(byModel || filter.q !== undefined ? [ofEvent(filter)] : []),
  ]
  if (drive) return findByModel(tx, filter, { events, bounds, rest })
  const conditions = [
    ...(driver === undefined ? [] : [driver[0]]),
    ...within(sql`seq`, bounds, filter.cursor),
  ]
  return look(tx, {
    rows: sql`select ${rest.length === 0 ? sql`seq` : DELIVERY_COLUMNS} from deliveries where ${allOf(conditions)} order by seq desc`,
    rest,
    filter,
  })
}

const COLUMNS = ['seq', 'id', 'event_id', 'automation', 'target', 'status', 'created_at'] as const
const DELIVERY_COLUMNS = sql.join(COLUMNS.map((column) => sql.ref(column)))
const MODEL_COLUMNS = sql.join(COLUMNS.map((column) => sql.ref(`d.${column}`)))

/** The ended and the open ones have an index each. */
function byStatus(status: string): RawBuilder<unknown> {
  const open = status === 'pending' || status === 'delivering'
  return open
    ? sql`status = ${status} and ended_at is null`
    : sql`status = ${status} and ended_at is not null`
}

/** How far the order of events and that of their deliveries may differ: two replicas accept at the same time. */
const SLACK_ROWS = 200

/** Finds deliveries by the index that events have of their models. */
async function findByModel(
  tx: Queries,
  filter: DeliveryFilter,
  { events, bounds, rest }: { events: Bounds; bounds: Bounds; rest: Conditions },
): Promise<Looked> {
  const { model, alias, cursor } = filter
  const newest = cursor === undefined ? null : await eventBefore(tx, Number(cursor))
  const driver = model === undefined ? sql`alias = ${alias}` : sql`model = ${model}`
  const conditions = [
    // Each of these has a delivery.
    ...[driver, sql`status = 'matched'`, ...within(sql`seq`, events, undefined)],
    ...(newest === null ? [] : [sql`seq <= ${newest + SLACK_ROWS}`]),
  ]
  const scanned = sql`select id from events where ${allOf(conditions)} order by seq desc limit ${LOOKED_THROUGH}`
  return look(tx, {
    rows: sql`select ${MODEL_COLUMNS} from (${scanned}) as m inner join deliveries as d on d.event_id = m.id
      where ${allOf(within(sql`d.seq`, bounds, cursor))} order by d.seq desc`,
    scanned,
    rest,
    filter,
  })
}

/** Returns the `seq` of the event of the newest delivery before this one. */
async function eventBefore({ db }: Queries, seq: number): Promise<number> {
  const { rows } = await sql<{ seq: number }>`select e.seq from
    (select event_id from deliveries where seq < ${seq} order by seq desc limit 1) as d
    inner join events as e on e.id = d.event_id`.execute(db)
  return rows[0]?.seq ?? 0
}

/** Returns what must hold of a delivery's event. */
function ofEvent({ model, alias, q }: DeliveryFilter): RawBuilder<unknown> {
  const conditions = [
    sql`v.id = e.event_id`,
    ...(model === undefined ? [] : [sql`v.model = ${model}`]),
    ...(alias === undefined ? [] : [sql`v.alias = ${alias}`]),
    ...(q === undefined ? [] : [contains(sql`v.event`, q)]),
  ]
  return sql`exists (select 1 from events as v where ${allOf(conditions)})`
}

function timeConditions(
  column: RawBuilder<unknown>,
  { since, until }: { since?: number | undefined; until?: number | undefined },
): Conditions {
  return [
    ...(since === undefined ? [] : [sql`${column} >= ${since}`]),
    ...(until === undefined ? [] : [sql`${column} < ${until}`]),
  ]
}

function isOneOf(column: RawBuilder<unknown>, names: readonly string[]): RawBuilder<unknown> {
  return names.length === 0 ? sql`1 = 0` : sql`${column} in (${sql.join(names)})`
}

/** The rows to look through. */
interface Rows {
  /** Newest first, without a limit. */
  rows: RawBuilder<unknown>
  /** The query that the rows are made from, where that has the limit. */
  scanned?: RawBuilder<unknown>
  rest: Conditions
  filter: { limit: number; q?: string | undefined }
}

/** Looks through rows, newest first, until enough fit or enough have been looked at. */
async function look({ db }: Queries, { rows, scanned, rest, filter }: Rows): Promise<Looked> {
  const { limit, q } = filter
  if (rest.length === 0) {
    const { rows: found } = await sql<{ seq: number }>`${rows} limit ${limit + 1}`.execute(db)
    return { found: found.map(({ seq }) => seq), last: null }
  }
  const most = q === undefined || scanned !== undefined ? LOOKED_THROUGH : SEARCHED_THROUGH
  const window = scanned === undefined ? sql`${rows} limit ${most}` : rows
  const { rows: found } = await sql<{ seq: number }>`select e.seq from (${window}) as e
    where ${allOf(rest)} order by e.seq desc limit ${limit + 1}`.execute(db)
  const seqs = found.map(({ seq }) => seq)
  if (seqs.length > limit) return { found: seqs, last: null }
  const { rows: ends } = await sql<{ looked: number; last: number | null }>`
    select (select count(*) from (${scanned ?? window}) as s) as looked, min(w.seq) as last
    from (${window}) as w`.execute(db)
  const [end] = ends
  return { found: seqs, last: end === undefined || end.looked < most ? null : end.last }
}
