import type { Queries, Tx } from '../db.ts'
import type { Previewed } from '../management-records.ts'
import type { BulkFilter } from '../records.ts'
import { placeOf } from '../tables/events.ts'
import { isStale, isStaleReplay } from '../tables/slots.ts'
import { readFinished } from './redeliver.ts'

/** Returns what a bulk redelivery would put back: see `Operations.previewRedeliver`. */
export async function previewRedeliver(
  tx: Tx,
  { filter, force, after, limit }: { filter: BulkFilter; force: boolean; after: number; limit: number },
): Promise<Previewed> {
  const rows = await readFinished(tx, filter, { after, limit })
  const items: Previewed['items'] = []
  for (const row of rows) {
    const no_target = row.lane === ''
    const stale = !no_target && !force && (await isStale(tx, row))
    items.push({ id: row.id, automation: row.automation, target: row.target, stale, no_target })
  }
  return { items, next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
}

/** Returns which deliveries of a replay would be left out as stale: see `Operations.staleReplays`. */
export async function staleReplays(
  tx: Queries,
  { of, deliveries }: { of: string; deliveries: readonly { subject: string; slot: string }[] },
): Promise<number[]> {
  const place = await placeOf(tx, of)
  if (place === null) return []
  const stale: number[] = []
  for (const [index, { subject, slot }] of deliveries.entries())
    if (await isStaleReplay(tx, { subject, slot, place })) stale.push(index)
  return stale
}
