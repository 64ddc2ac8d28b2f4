import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { Tx } from '../db.ts'
import { jsonText, parse, type JsonText } from '../json-text.ts'
import type { AcceptArgs, Accepted, NewEvent } from '../records.ts'
import { StoreUnavailable } from '../store.ts'
import { insertEvents, storedOf } from '../tables/events.ts'
import type { Head } from '../tables/heads.ts'
import { decide, keysOf, placesOf, writeKnown, type KnownRow, type Seen } from '../tables/known.ts'
import { openLanes, presentNames, type LaneToOpen } from '../tables/lanes.ts'
import { insertLookups } from '../tables/lookups.ts'
import { insertRevisions } from '../tables/revisions.ts'
import { enqueue, planQueue, type Enqueued } from './enqueue.ts'
import { lockAndRead } from './lock-and-read.ts'
import { newLookup } from './lookups.ts'
import { placeReplays, type Fresh } from './replays.ts'

/** Takes in a group of events: see `Operations.accept`. */
export async function accept(
  tx: Tx,
  { events, retry = false, wait_ms = Infinity }: AcceptArgs,
): Promise<Accepted[]> {
  const began = performance.now()
  const ids = events.map(({ id }) => id)
  const stored = retry ? await storedOf(tx, ids) : new Set<string>()
  const rest = events.filter(({ id }) => !stored.has(id))
  const taken = rest.length === 0 ? [] : await takeIn(tx, rest)
  const results = new Map(rest.map(({ id }, i) => [id, taken[i]]))
  if (performance.now() - began > wait_ms)
    throw new StoreUnavailable('The store took too long.', 'Look for a replica that stands still.')
  return events.map(({ id }) => results.get(id) ?? { outcome: 'accepted', event_id: id, repeat_of: null })
}

/** A group costs two messages beside the commit: one locks and reads what matters to it, one writes it. */
async function takeIn(tx: Tx, events: readonly NewEvent[]): Promise<Accepted[]> {
  const { heads, lanes, seen, writes } = await look(tx, events)
  const fresh = events.flatMap((event, i): Fresh[] => {
    const what = seen[i]
    return what?.duplicate_of === null ? [{ event, ...what, place: null }] : []
  })
  const { kept, stale } = await placeReplays(tx, fresh)
  const queue = await planQueue(
    tx,
    kept.flatMap(({ event, place }) =>
      event.deliveries.map((delivery) => ({
        event_id: event.id,
        place,
        delivery: { ...delivery, lane: lanes.present.get(delivery.lane) ?? delivery.lane },
      })),
    ),
    heads,
  )
  const beside = await enqueue(tx, queue, [
    writeKnown(writes.map(toRow)),
    ...revisionsOf(tx, kept),
    insertEvents(kept.map((one) => eventRow(tx, one))),
    ...lookupsOf(tx, kept),
    ...openLanes(tx, lanes.to_open),
  ])
  const stored = new Set(kept.map(({ event }) => event.id))
  const [first] = stored
  return events.map(({ id }, i): Accepted => {
    const what = seen[i]
    if (what === undefined || what.duplicate_of !== null)
      return { outcome: 'duplicate', event_id: what?.duplicate_of ?? id }
    const left_out = stale.get(id)
    if (left_out !== undefined && !stored.has(id)) return { outcome: 'stale', event_id: id }
    return {
      outcome: 'accepted',
      event_id: id,
      repeat_of: what.repeat_of,
      ...(left_out === undefined ? {} : { stale: left_out }),
      ...(id === first ? told(beside) : {}),
    }
  })
}

const toRow = ({ model, what, value, until }: KnownRow) => ({ model, what, value, until })

/** The part of an answer about other deliveries, where there is something to say. */
function told({ lanes, superseded }: Enqueued): Partial<Enqueued> {
  return {
    ...(lanes.length > 0 ? { lanes } : {}),
    ...(superseded.length > 0 ? { superseded } : {}),
  }
}

/** The present state that matters to a group, read under its locks. */
interface Look {
  seen: readonly Seen[]
  writes: readonly KnownRow[]
  heads: readonly Head[]
  lanes: { present: ReadonlyMap<string, string>; to_open: readonly LaneToOpen[] }
}

/** Locks the models, lanes and subjects of events, and reads what is known of them. */
async function look(tx: Tx, events: readonly NewEvent[]): Promise<Look> {
  const keyed = events.map((event) => ({ event, keys: keysOf(event) }))
  const places = keyed.flatMap(({ keys }) => placesOf(keys))
  const { to_open, heads, known } = await lockAndRead(tx, {
    deliveries: events.flatMap(({ deliveries }) => deliveries),
    models: places.map(({ model }) => model),
    places,
    matched: events,
  })
  const { seen, writes } = decide(keyed, known, tx.now)
  return { seen, writes, heads, lanes: { present: presentNames(to_open), to_open } }
}

/** Keeps the automations that came along with events, in one order for all: two groups may have the same ones. */
function revisionsOf(tx: Tx, fresh: readonly Fresh[]) {
  const revisions = fresh.flatMap(({ event: { revision } }) => revision ?? [])
  if (revisions.length === 0) return []
  return [
    insertRevisions(
      tx,
      revisions.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ),
  ]
}

function lookupsOf(tx: Tx, fresh: readonly Fresh[]) {
  const rows = fresh.flatMap(({ event }) => newLookup(tx, event))
  return rows.length === 0 ? [] : [insertLookups(rows)]
}

function statusOf({ lookup, deliveries }: NewEvent) {
  if (lookup !== undefined) return 'enriching'
  return deliveries.length > 0 ? 'matched' : 'unmatched'
}

function eventRow(tx: Tx, { event, repeat_of, previous_version, place }: Fresh) {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    kind: event.kind,
    status: statusOf(event),
    received_at: event.received_at,
    accepted_at: tx.now,
    event: withHistory(event.event, repeat_of, previous_version),
    context: jsonText(event.context),
    raw: event.raw,
    place,
    model: keyOf(event.model),
    alias: keyOf(event.alias),
  }
}

/** PostgreSQL takes no key of more than 2,704 bytes: a longer name cannot be filtered by. */
const keyOf = (name: string | null | undefined) => (name == null || name.length > LONGEST_KEY ? null : name)
const LONGEST_KEY = 600

function withHistory(
  text: JsonText<ModelEvent>,
  repeat_of: string | null,
  previous_version: string | null,
): JsonText<ModelEvent> {
  if (repeat_of === null && previous_version === null) return text
  const event = parse(text)
  return jsonText({ ...event, repeat_of, change: { ...event.change, previous_version } })
}
