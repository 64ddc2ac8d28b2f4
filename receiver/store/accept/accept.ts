import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { Tx } from '../db.ts'
import { jsonText, parse, type JsonText } from '../json-text.ts'
import type { AcceptArgs, Accepted, NewEvent } from '../records.ts'
import { StoreUnavailable } from '../store.ts'
import { insertEvents, storedOf } from '../tables/events.ts'
import { checkAutomations } from '../tables/automations.ts'
import { findLanes, openLanes } from '../tables/lanes.ts'
import { insertRevisions } from '../tables/revisions.ts'
import { enqueue, type Enqueued } from './enqueue.ts'
import { recognise } from './recognise.ts'
import { placeReplays, type Fresh } from './replays.ts'

/** Takes in a group of events: see `Operations.accept`. */
export async function accept(
  tx: Tx,
  { events, retry = false, wait_ms = Infinity }: AcceptArgs,
): Promise<Accepted[]> {
  const began = performance.now()
  await checkAutomations(tx, events)
  const ids = events.map(({ id }) => id)
  const stored = retry ? await storedOf(tx, ids) : new Set<string>()
  const rest = events.filter(({ id }) => !stored.has(id))
  const taken = rest.length === 0 ? [] : await takeIn(tx, rest)
  const results = new Map(rest.map(({ id }, i) => [id, taken[i]]))
  if (performance.now() - began > wait_ms)
    throw new StoreUnavailable('The store took too long.', 'Look for a replica that stands still.')
  return events.map(({ id }) => results.get(id) ?? { outcome: 'accepted', event_id: id, repeat_of: null })
}

async function takeIn(tx: Tx, events: readonly NewEvent[]): Promise<Accepted[]> {
  const { results, fresh } = await tellSeen(tx, events)
  if (fresh.length === 0) return results
  const lanes = await lockQueue(tx, fresh)
  const { kept, stale } = await placeReplays(tx, fresh)
  await keepRevisions(tx, kept)
  const seqs = await keep(tx, kept)
  const { lanes: promoted, superseded } = await enqueue(
    tx,
    kept.flatMap(({ event, place }) =>
      event.deliveries.map((delivery) => ({
        event_id: event.id,
        place: place ?? seqs.get(event.id) ?? 0,
        replayed: place !== null,
        delivery: { ...delivery, lane: lanes.get(delivery.lane) ?? delivery.lane },
      })),
    ),
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
      ...(event_id === first?.event.id ? beside({ lanes: promoted, superseded }) : {}),
    }
  })
}

/** What an answer says of other deliveries, where there is something to say. */
function beside({ lanes, superseded }: Enqueued): Partial<Enqueued> {
  return {
    ...(lanes.length > 0 ? { lanes } : {}),
    ...(superseded.length > 0 ? { superseded } : {}),
  }
}

/** Tells events that were seen before from fresh ones. */
async function tellSeen(
  tx: Tx,
  events: readonly NewEvent[],
): Promise<{ results: Accepted[]; fresh: Fresh[] }> {
  const recognised = await recognise(tx, events)
  const results = events.map(({ id }, i): Accepted => {
    const seen = recognised[i]
    if (seen?.is_new === false) return { outcome: 'duplicate', event_id: seen.event_id }
    return { outcome: 'accepted', event_id: id, repeat_of: seen?.repeat_of ?? null }
  })
  const fresh = events.flatMap((event, i): Fresh[] => {
    const seen = recognised[i]
    if (seen?.is_new !== true) return []
    const { repeat_of, previous_version } = seen
    return [{ event, repeat_of, previous_version, place: null }]
  })
  return { results, fresh }
}

/** Opens and locks the lanes and subjects of new deliveries. Returns the present names of lanes that were renamed. */
async function lockQueue(tx: Tx, fresh: readonly Fresh[]): Promise<ReadonlyMap<string, string>> {
  const live = fresh.flatMap(({ event }) => event.deliveries.filter(({ error }) => error === null))
  const found = await findLanes(tx, live)
  await tx.lock({
    lanes: [...found.late, ...found.changed],
    subjects: live.map(({ subject }) => subject),
  })
  await openLanes(tx, found)
  return found.present
}

/** Keeps the automations that came along with events, in one order for all: two groups may have the same ones. */
async function keepRevisions(tx: Tx, fresh: readonly Fresh[]): Promise<void> {
  const revisions = fresh.flatMap(({ event: { revision } }) => revision ?? [])
  await insertRevisions(
    tx,
    revisions.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  )
}

/** Writes events to the log, with what only the log knows. Returns the order of acceptance by id. */
function keep(tx: Tx, fresh: readonly Fresh[]): Promise<Map<string, number>> {
  return insertEvents(
    tx,
    fresh.map(({ event, repeat_of, previous_version, place }) => ({
      id: event.id,
      source: event.source,
      type: event.type,
      kind: event.kind,
      status: event.deliveries.length > 0 ? ('matched' as const) : ('unmatched' as const),
      received_at: event.received_at,
      accepted_at: tx.now,
      event: withHistory(event.event, repeat_of, previous_version),
      context: jsonText(event.context),
      raw: event.raw,
      place,
      model: event.model ?? null,
      alias: event.alias ?? null,
    })),
  )
}

function withHistory(
  text: JsonText<ModelEvent>,
  repeat_of: string | null,
  previous_version: string | null,
): JsonText<ModelEvent> {
  if (repeat_of === null && previous_version === null) return text
  const event = parse(text)
  return jsonText({ ...event, repeat_of, change: { ...event.change, previous_version } })
}
