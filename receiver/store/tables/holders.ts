import type { Tx } from '../db.ts'
import type { NewEvent } from '../records.ts'
import { insertAll } from './insert-all.ts'

/** Writes who holds each alias or stage that these events move. Returns who held it before. */
export async function moveHolders(
  { db, dialect }: Tx,
  events: readonly NewEvent[],
): Promise<Map<NewEvent, string | null>> {
  const before = new Map<NewEvent, string | null>()
  const moves = events.flatMap((event) => (event.holder === null ? [] : [{ event, holder: event.holder }]))
  if (moves.length === 0) return before
  const keys = [...new Set(moves.map(({ holder }) => holder.key))]
  const held = db.selectFrom('holders').selectAll().where('key', 'in', keys).orderBy('key')
  const rows = await dialect.locked(held).execute()
  const now = new Map(rows.map(({ key, version, event_id }) => [key, { key, version, event_id }]))
  for (const { event, holder } of moves) {
    before.set(event, now.get(holder.key)?.version ?? null)
    now.set(holder.key, { key: holder.key, version: holder.version, event_id: event.id })
  }
  await upsertHolders(
    db,
    keys.sort().flatMap((key) => now.get(key) ?? []),
  )
  return before
}

const upsertHolders = insertAll('holders', (query) =>
  query.onConflict((conflict) =>
    conflict.column('key').doUpdateSet((eb) => ({
      version: eb.ref('excluded.version'),
      event_id: eb.ref('excluded.event_id'),
    })),
  ),
)
