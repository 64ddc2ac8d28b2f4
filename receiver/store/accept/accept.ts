import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { Db, Flavor } from '../db.ts'
import { jsonText, parse, type JsonText } from '../json-text.ts'
import type { AcceptArgs, Accepted, EventContext, NewEvent } from '../records.ts'
import { StoreUnavailable } from '../store.ts'
import { enqueue } from './enqueue.ts'
import { moveHolders } from '../tables/holders.ts'
import { claimIdentities, nameOriginals, noteBodies } from '../tables/identities.ts'
import { insertAll } from '../tables/insert-all.ts'
import { openLanes } from '../tables/lanes.ts'
import { standReplays } from './replays.ts'

/**
 * Takes in a group of events in one transaction: all of it is on disk when this returns, or none of it.
 * Results come in the order of the group. An event that was seen before is answered with the earlier one's id.
 * `retry` says that the group was tried before and nobody knows whether that was committed. Throws `StoreUnavailable`,
 * and stores nothing, when this took longer than `wait_ms`, behind the locks of a replica that stands still: by then a
 * sender has been told so.
 */
export async function accept(
  db: Db,
  flavor: Flavor,
  { now, events, retry = false, wait_ms = Infinity }: AcceptArgs,
): Promise<Accepted[]> {
  const began = performance.now()
  const stored = retry ? await storedAlready(db, events) : new Set<string>()
  const rest = events.filter(({ id }) => !stored.has(id))
  const taken = rest.length === 0 ? [] : await takeIn(db, flavor, rest, now)
  const results = new Map(rest.map(({ id }, i) => [id, taken[i]]))
  if (performance.now() - began > wait_ms)
    throw new StoreUnavailable('The store took too long.', 'Look for a replica that stands still.')
  return events.map(({ id }) => results.get(id) ?? { outcome: 'accepted', event_id: id, repeat_of: null })
}

async function storedAlready(db: Db, events: readonly NewEvent[]): Promise<Set<string>> {
  const ids = events.map(({ id }) => id)
  const rows = await db.selectFrom('events').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
}

async function takeIn(db: Db, flavor: Flavor, events: readonly NewEvent[], now: number): Promise<Accepted[]> {
  const earlier = await claimIdentities(db, events, now)
  const repeats = await noteBodies(db, events, earlier, now)
  const originals = originalsOf(events, earlier, repeats)
  await nameOriginals(db, events, originals)
  const results = events.map(({ id }, i): Accepted => {
    const before = earlier[i] ?? originals.get(id) ?? null
    if (before === null) return { outcome: 'accepted', event_id: id, repeat_of: repeats[i] ?? null }
    return { outcome: 'duplicate', event_id: originals.get(before) ?? before }
  })
  const fresh = events.flatMap((event, i): Fresh[] =>
    results[i]?.outcome === 'accepted' ? [{ event, repeat_of: repeats[i] ?? null, place: null }] : [],
  )
  if (fresh.length === 0) return results

  const lanes = await lockQueue(db, flavor, fresh, now)
  const { kept, stale } = await standReplays(db, fresh)
  const holders = await moveHolders(
    db,
    flavor,
    kept.map(({ event }) => event),
  )
  const rows = await insertEvents(
    db,
    kept.map(({ event, repeat_of, place }) => ({
      id: event.id,
      source: event.source,
      type: event.type,
      kind: event.kind,
      status: event.deliveries.length > 0 ? ('matched' as const) : ('unmatched' as const),
      received_at: event.received_at,
      event: withHistory(event.event, repeat_of, holders.get(event) ?? null),
      context: jsonText(event.context),
      raw: event.raw,
      place,
    })),
  )
  const seqs = new Map(rows.map(({ id, seq }) => [id, seq]))
  const promoted = await enqueue(
    db,
    flavor,
    kept.flatMap(({ event, place }) =>
      event.deliveries.map((delivery) => ({
        event_id: event.id,
        place: place ?? seqs.get(event.id) ?? 0,
        replayed: place !== null,
        delivery: { ...delivery, lane: lanes.get(delivery.lane) ?? delivery.lane },
      })),
    ),
    now,
  )
  const [first] = kept
  return results.map((result) => {
    if (result.outcome !== 'accepted') return result
    const { event_id } = result
    const left_out = stale.get(event_id)
    if (left_out !== undefined && !seqs.has(event_id)) return { outcome: 'stale', event_id }
    return {
      ...result,
      ...(left_out === undefined ? {} : { stale: left_out }),
      ...(promoted.length > 0 && event_id === first?.event.id ? { lanes: promoted } : {}),
    }
  })
}

/** An event that was not seen before. */
export interface Fresh {
  event: NewEvent
  repeat_of: string | null
  /** A replay's, or null: see `EventsTable`. */
  place: number | null
}

/**
 * All lanes, then all subjects: whoever takes both does it in this order, so that nobody waits in a circle. Gives the
 * present names of lanes that have been renamed.
 */
async function lockQueue(
  db: Db,
  flavor: Flavor,
  fresh: readonly Fresh[],
  now: number,
): Promise<Map<string, string>> {
  const live = fresh.flatMap(({ event }) => event.deliveries.filter(({ error }) => error === null))
  const renamed = await openLanes(db, flavor, live, now)
  await flavor.lockSubjects(db, [...new Set(live.map(({ subject }) => subject))])
  return renamed
}

/** The repeats that their source refuses, and the event that each repeats. */
function originalsOf(
  events: readonly NewEvent[],
  earlier: readonly (string | null)[],
  repeats: readonly (string | null)[],
): Map<string, string> {
  const originals = new Map<string, string>()
  events.forEach(({ id, refuse_repeats }, i) => {
    const repeated = repeats[i] ?? null
    if (refuse_repeats && earlier[i] === null && repeated !== null) originals.set(id, repeated)
  })
  return originals
}

/** The event's text with what only the log knows. */
function withHistory(
  text: JsonText<ModelEvent>,
  repeat_of: string | null,
  previous_version: string | null,
): JsonText<ModelEvent> {
  if (repeat_of === null && previous_version === null) return text
  const event = parse(text)
  const change = { ...event.change, previous_version }
  return jsonText({ ...event, repeat_of, change })
}

const insertEvents = insertAll('events', (query) => query.returning(['id', 'seq']))

/** A stored event's context, as `accept` wrote it. */
export function readContext(text: JsonText<EventContext>): EventContext {
  return parse(text)
}
