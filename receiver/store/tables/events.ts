import type { Selectable } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { Tables } from '../schema.ts'
import { inserting } from '../statement.ts'

/** Inserts events, in the order of acceptance. */
export const insertEvents = inserting('events', {
  id: 'text',
  source: 'text',
  type: 'text',
  kind: 'text',
  status: 'text',
  received_at: 'bigint',
  accepted_at: 'bigint',
  event: 'text',
  context: 'text',
  raw: 'bytea',
  place: 'bigint',
  model: 'text',
  alias: 'text',
})

/** Returns which of these events are stored. */
export async function storedOf({ db }: Queries, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.selectFrom('events').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
}

/** An event as far as a look-up needs it. */
export type EventRow = Pick<Selectable<Tables['events']>, 'seq' | 'place' | 'event' | 'context'>

/** Returns what is stored of these events, by id. */
export async function eventsOf({ db }: Queries, ids: readonly string[]): Promise<Map<string, EventRow>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('events')
    .select(['id', 'seq', 'place', 'event', 'context'])
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, ...row }) => [id, row]))
}

/** Returns the last event that each of these sources sent by itself: a replay is none. */
export async function latestEvents(
  { db }: Queries,
  sources: readonly string[],
): Promise<Map<string, { id: string; accepted_at: number }>> {
  const latest = new Map<string, { id: string; accepted_at: number }>()
  for (const source of sources) {
    const row = await db
      .selectFrom('events')
      .select(['id', 'accepted_at'])
      .where('source', '=', source)
      .where('place', 'is', null)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (row !== undefined) latest.set(source, row)
  }
  return latest
}

/** Writes what became of an event whose registry was asked. */
export async function matchEvent(
  { db }: Queries,
  id: string,
  { status, event }: Pick<Selectable<Tables['events']>, 'status' | 'event'>,
): Promise<void> {
  await db.updateTable('events').set({ status, event }).where('id', '=', id).execute()
}

/** Returns the place of an event: see `EventsTable`. Null when the event is gone. */
export async function placeOf({ db }: Queries, id: string): Promise<number | null> {
  const row = await db.selectFrom('events').select(['seq', 'place']).where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : (row.place ?? row.seq)
}

/** Holds these events until the transaction ends, so that nobody else looks at what is left of them. */
export async function holdEvents({ db, dialect }: Tx, ids: readonly string[]): Promise<void> {
  await dialect.locked(db.selectFrom('events').select('id').where('id', 'in', ids).orderBy('id')).execute()
}

/** Deletes those of these events that have no delivery any more. Returns how many. */
export async function deleteBareEvents({ db }: Queries, ids: readonly string[]): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('events')
    .where('id', 'in', ids)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('deliveries').select('id').whereRef('deliveries.event_id', '=', 'events.id')),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/**
 * Deletes up to `limit` events of a status that has no deliveries which were accepted before `accepted_before`. Returns
 * how many.
 */
export async function deleteUnmatched(
  { db }: Queries,
  {
    status,
    accepted_before,
    limit,
  }: { status: 'unmatched' | 'stale' | 'lookup_failed'; accepted_before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('events')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('events')
        .select('seq')
        .where('status', '=', status)
        .where('accepted_at', '<', accepted_before)
        .orderBy('accepted_at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
