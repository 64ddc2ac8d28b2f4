import type { Queries } from '../db.ts'
import type { NewDelivery, NewEvent } from '../records.ts'
import { placeOf } from '../tables/events.ts'
import { isStaleReplay } from '../tables/slots.ts'

/** An event that was not seen before. */
export interface Fresh {
  event: NewEvent
  repeat_of: string | null
  previous_version: string | null
  /** The place of a replay, or null: see `EventsTable`. */
  place: number | null
}

/**
 * Gives replays the place of what they replay, and leaves out those of their deliveries that a newer event makes
 * stale: asked under the locks of their subjects, so that none can come in between.
 */
export async function placeReplays(
  tx: Queries,
  fresh: readonly Fresh[],
): Promise<{ kept: Fresh[]; stale: Map<string, string[]> }> {
  const kept: Fresh[] = []
  const stale = new Map<string, string[]>()
  for (const one of fresh) {
    const { event } = one
    if (event.replay === null) {
      kept.push(one)
      continue
    }
    const place = await placeOf(tx, event.replay.of)
    const deliveries: NewDelivery[] = []
    const left_out: string[] = []
    for (const delivery of event.deliveries) {
      const isLate =
        place !== null && !event.replay.force && (await isStaleReplay(tx, { ...delivery, place }))
      if (isLate) left_out.push(delivery.id)
      else deliveries.push(delivery)
    }
    if (left_out.length > 0) stale.set(event.id, left_out)
    if (left_out.length === 0 || deliveries.length > 0) {
      kept.push({ ...one, event: { ...event, deliveries }, place })
    }
  }
  return { kept, stale }
}
