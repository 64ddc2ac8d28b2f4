import type { Queries, Tx } from '../db.ts'
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

/** Deletes up to `limit` events that matched nothing and were accepted before `accepted_before`. Returns how many. */
export async function deleteUnmatched(
  { db }: Queries,
  { accepted_before, limit }: { accepted_before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('events')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('events')
        .select('seq')
        .where('status', '=', 'unmatched')
        .where('accepted_at', '<', accepted_before)
        .orderBy('accepted_at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
