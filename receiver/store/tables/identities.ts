import type { Db } from '../db.ts'
import type { NewEvent } from '../records.ts'
import { insertAll } from './insert-all.ts'

/** So long a repeat is told, ms. */
export const REPEATS_KEPT_MS = 400 * 86_400_000

/**
 * Decides for each event whether it was seen before: an upsert, so that two replicas given the same request at
 * the same time cannot both take it. Gives the earlier event's id, or null for a new one.
 */
export async function claimIdentities(
  db: Db,
  events: readonly NewEvent[],
  now: number,
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

/** The last of its key so far; `still`: its window has not ended. */
interface Known {
  value: string
  event_id: string
  still: boolean
}

/** Rows that others may write too go in one order: two replicas then never wait for each other in turn. */
const byKey = <T extends { key: string }>(rows: T[]): T[] => rows.sort((a, b) => (a.key < b.key ? -1 : 1))

const identityKey = ({ source, identity }: NewEvent) => `${source}:${identity.rule}:${identity.key}`

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
  db: Db,
  events: readonly NewEvent[],
  originals: ReadonlyMap<string, string>,
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

/** Notes the hashes of bodies without a delivery id; gives the event that brought the same body before. */
export async function noteBodies(
  db: Db,
  events: readonly NewEvent[],
  earlier: readonly (string | null)[],
  now: number,
): Promise<(string | null)[]> {
  const bodies = new Map<string, string>()
  const keys = events.map((event, i) =>
    event.identity.body_hash === null || earlier[i] !== null
      ? null
      : `${event.source}:${event.identity.body_hash}`,
  )
  keys.forEach((key, i) => {
    const event = events[i]
    if (key !== null && event !== undefined && !bodies.has(key)) bodies.set(key, event.id)
  })
  if (bodies.size === 0) return events.map(() => null)
  const rows = await insertBodies(
    db,
    byKey([...bodies].map(([key, event_id]) => ({ key, event_id, seen_at: now }))),
  )
  const added = new Set(rows.map(({ key }) => key))
  const seen = [...bodies.keys()].filter((key) => !added.has(key))
  if (seen.length > 0) {
    const known = await db.selectFrom('bodies').selectAll().where('key', 'in', seen).execute()
    for (const { key, event_id, seen_at } of known) {
      if (seen_at > now - REPEATS_KEPT_MS) bodies.set(key, event_id)
    }
  }
  return keys.map((key, i) => {
    const before = key === null ? null : (bodies.get(key) ?? null)
    return before === events[i]?.id ? null : before
  })
}

const insertBodies = insertAll('bodies', (query) =>
  query.onConflict((conflict) => conflict.column('key').doNothing()).returning('key'),
)
