import type { Queries, Tx } from '../db.ts'
import type { NewEvent } from '../records.ts'
import { insertAll } from './insert-all.ts'

/**
 * Decides for each event whether it was seen before: an upsert, so that two replicas given the same request at
 * the same time cannot both take it. Returns the earlier event's id, or null for a new one.
 */
export async function claimIdentities(
  { db, now }: Tx,
  events: readonly NewEvent[],
): Promise<(string | null)[]> {
  const first = new Map<string, NewEvent>()
  for (const event of events) {
    const key = identityKey(event)
    if (!first.has(key)) first.set(key, event)
  }
  const row = (event: NewEvent) => ({
    key: identityKey(event),
    value: event.identity.value,
    event_id: event.id,
    seen_at: now,
    expires_at: now + event.identity.window_ms,
  })
  const rows = byKey([...first.values()].map(row))
  const taken = new Set((await upsertIdentities(db, rows)).map(({ key }) => key))
  const lost = [...first.keys()].filter((key) => !taken.has(key))
  const known = new Map<string, Known>()
  if (lost.length > 0) {
    const before = await db
      .selectFrom('identities')
      .select(['key', 'value', 'event_id'])
      .where('key', 'in', lost)
      .execute()
    for (const { key, value, event_id } of before) known.set(key, { value, event_id, still: true })
  }
  // Walk the group in order: within it, too, only what equals the one before is a duplicate.
  const last = new Map<string, NewEvent>()
  const earlier = events.map((event) => {
    const key = identityKey(event)
    const { value, window_ms } = event.identity
    const before = known.get(key)
    if (before?.value === value && before.still) return before.event_id
    known.set(key, { value, event_id: event.id, still: window_ms > 0 })
    if (before !== undefined || first.get(key) !== event) last.set(key, event)
    return null
  })
  if (last.size > 0) await overwriteIdentities(db, byKey([...last.values()].map(row)))
  return earlier
}

/** Returns the event of an earlier delivery: see `Operations.storedDelivery`. */
export async function findDelivery(
  { db, now }: Tx,
  { source, key }: { source: string; key: string },
): Promise<string | null> {
  const identity = { rule: 'delivery', key } as const
  const found = await db
    .selectFrom('identities')
    .select('event_id')
    .where('key', '=', identityKey({ source, identity }))
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return found?.event_id ?? null
}

/** The last of its key so far; `still`: its window has not ended. */
interface Known {
  value: string
  event_id: string
  still: boolean
}

/** Sorts rows that others may write too: two replicas then never wait for each other in turn. */
export const byKey = <T extends { key: string }>(rows: T[]): T[] =>
  rows.sort((a, b) => (a.key < b.key ? -1 : 1))

/** What an identity is found by. */
interface Identified {
  source: string
  identity: Pick<NewEvent['identity'], 'rule' | 'key'>
}

const identityKey = ({ source, identity }: Identified) => `${source}:${identity.rule}:${identity.key}`

const upsertIdentities = insertAll('identities', (query) =>
  query
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet((eb) => ({
          value: eb.ref('excluded.value'),
          event_id: eb.ref('excluded.event_id'),
          seen_at: eb.ref('excluded.seen_at'),
          expires_at: eb.ref('excluded.expires_at'),
        }))
        .where((eb) =>
          eb.or([
            eb('identities.value', '!=', eb.ref('excluded.value')),
            eb('identities.expires_at', '<=', eb.ref('excluded.seen_at')),
          ]),
        ),
    )
    .returning('key'),
)

const overwriteIdentities = insertAll('identities', (query) =>
  query.onConflict((conflict) =>
    conflict.column('key').doUpdateSet((eb) => ({
      value: eb.ref('excluded.value'),
      event_id: eb.ref('excluded.event_id'),
      seen_at: eb.ref('excluded.seen_at'),
      expires_at: eb.ref('excluded.expires_at'),
    })),
  ),
)

/**
 * A refused repeat is kept nowhere: its identity names the event that it repeats, so that the next one is answered
 * with an event that exists. `originals` gives that by the id of the refused one.
 */
export async function nameOriginals(
  { db }: Queries,
  { events, originals }: { events: readonly NewEvent[]; originals: ReadonlyMap<string, string> },
): Promise<void> {
  for (const event of events) {
    const original = originals.get(event.id)
    if (original === undefined) continue
    await db
      .updateTable('identities')
      .set({ event_id: original })
      .where('key', '=', identityKey(event))
      .where('event_id', '=', event.id)
      .execute()
  }
}

/** Deletes up to `limit` identities whose window has ended. Returns how many. */
export async function deleteIdentities({ db, now }: Tx, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('identities')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('identities')
        .select('key')
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(limit),
    )
    // Asked again: one may have come once more meanwhile.
    .where('expires_at', '<', now)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Forgets requests that were seen later than `after`: their windows would last as long as that is away. */
export async function forgetIdentitiesAfter({ db }: Queries, after: number): Promise<void> {
  await db.deleteFrom('identities').where('seen_at', '>', after).execute()
}
