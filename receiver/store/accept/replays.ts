import type { Db } from '../db.ts'
import type { NewDelivery } from '../records.ts'
import type { Fresh } from './accept.ts'
import { isOvertaken } from '../tables/subjects.ts'

/**
 * Gives replays the place of what they replay, and leaves out those of their deliveries that a newer event has
 * overtaken: asked under the locks of their subjects, so that none can come in between.
 */
export async function standReplays(
  db: Db,
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
    const place = await placeOf(db, event.replay.of)
    const deliveries: NewDelivery[] = []
    const left_out: string[] = []
    for (const delivery of event.deliveries) {
      const isLate = place !== null && !event.replay.force && (await isOvertaken(db, delivery.subject, place))
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

/** Where an event stands; null when it is gone. */
async function placeOf(db: Db, event_id: string): Promise<number | null> {
  const row = await db
    .selectFrom('events')
    .select(['seq', 'place'])
    .where('id', '=', event_id)
    .executeTakeFirst()
  return row === undefined ? null : (row.place ?? row.seq)
}
