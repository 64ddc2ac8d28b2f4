import type { Tx } from '../db.ts'
import type { NewEvent } from '../records.ts'
import { byKey } from './identities.ts'
import { insertAll } from './insert-all.ts'

/** How long a body's hash is kept to recognise repeats, in ms. */
const REPEATS_KEPT_MS = 400 * 86_400_000

/**
 * Notes the hashes of bodies without a delivery id, but for events that were seen before (`earlier`). Returns for each
 * event the one that brought the same body before, or null.
 */
export async function noteBodies(
  { db, now }: Tx,
  { events, earlier }: { events: readonly NewEvent[]; earlier: readonly (string | null)[] },
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

/** Deletes up to `limit` hashes that are past keeping. Returns how many. */
export async function deleteBodies({ db, now }: Tx, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('bodies')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('bodies')
        .select('key')
        .where('seen_at', '<', now - REPEATS_KEPT_MS)
        .orderBy('seen_at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
