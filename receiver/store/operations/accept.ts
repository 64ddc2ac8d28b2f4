import type { JsonObject, ModelEvent } from '../../../src/contract/model-event.ts'
import type { LanePolicy } from '../../destinations/destination.ts'
import type { Identity } from '../../sources/source.ts'
import type { Db, Flavor } from '../flavor.ts'
import type { DeliveriesTable } from '../schema.ts'
import { claimIdentities, nameOriginals, noteBodies } from './identities.ts'
import { insertAll } from './insert-all.ts'
import { openLanes } from './lanes.ts'
import { isOvertaken, supersedeOlder } from './subjects.ts'
import { UNFINISHED, YES } from './states.ts'

/** What a source said beside the event, kept for templates and for people. */
export interface EventContext {
  flat: Record<string, string>
  dispatch_type: string | null
  hint: string | null
  /** Index of the secret that verified the request, null where none did. */
  secret: number | null
}

/** One delivery to be made of an event. */
export type NewDelivery = Pick<
  DeliveriesTable,
  | 'id'
  | 'automation'
  | 'revision'
  | 'position'
  | 'type'
  | 'target'
  | 'lane'
  | 'subject'
  | 'dedupe_key'
  | 'supersede'
  | 'replay_of'
> & {
  ordered: boolean
  policy: LanePolicy
  /** Ms after acceptance, or null for never. */
  expires_after_ms: number | null
  /** The event gives no valid request: the delivery is born a dead letter with this reason. */
  error: { class: string; message: string; fix: string } | null
}

/** One verified event and what is to be done about it. */
export interface NewEvent {
  id: string
  source: string
  type: string
  kind: string
  /** Wall clock, Unix ms: for people. */
  received_at: number
  /** The ModelEvent as JSON. */
  event: string
  context: EventContext
  raw: Uint8Array
  identity: Identity
  /** Refuse a body that came before, however long ago. */
  refuse_repeats: boolean
  /** Null but for a replay: which event it replays, and whether also what a newer one has overtaken. */
  replay: { of: string; force: boolean } | null
  /** Where to look up and note who holds the alias or stage; null where the event moves none. */
  holder: { key: string; version: string | null } | null
  deliveries: NewDelivery[]
}

export type Accepted =
  | {
      outcome: 'accepted'
      event_id: string
      repeat_of: string | null
      /** Ids of a replay's deliveries that were not made, since a newer event has overtaken them. */
      overtaken?: readonly string[]
    }
  | { outcome: 'duplicate'; event_id: string }
  /** A replay of which nothing is left, since a newer event has overtaken all of it: nothing was stored. */
  | { outcome: 'overtaken'; event_id: string }

/**
 * Takes in a group of events in one transaction: all of it is on disk when this returns, or none of it.
 * Results come in the order of the group. An event that was seen before is answered with the earlier one's id.
 * `retry` says that the group was tried before and nobody knows whether that was committed.
 */
export async function accept(
  db: Db,
  flavor: Flavor,
  { now, events, retry = false }: { now: number; events: readonly NewEvent[]; retry?: boolean },
): Promise<Accepted[]> {
  const stored = retry ? await storedAlready(db, events) : new Set<string>()
  const rest = events.filter(({ id }) => !stored.has(id))
  const taken = rest.length === 0 ? [] : await takeIn(db, flavor, rest, now)
  const results = new Map(rest.map(({ id }, i) => [id, taken[i]]))
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
  const { kept, overtaken } = await standReplays(db, fresh)
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
      context: JSON.stringify(event.context),
      raw: event.raw,
      place,
    })),
  )
  const seqs = new Map(rows.map(({ id, seq }) => [id, seq]))
  await enqueue(
    db,
    flavor,
    kept.flatMap(({ event, place }) =>
      event.deliveries.map((delivery) => ({
        event_id: event.id,
        place: place ?? seqs.get(event.id) ?? 0,
        delivery: { ...delivery, lane: lanes.get(delivery.lane) ?? delivery.lane },
      })),
    ),
    now,
  )
  return results.map((result) => {
    const left_out = overtaken.get(result.event_id)
    if (result.outcome !== 'accepted' || left_out === undefined) return result
    const isKept = kept.some(({ event }) => event.id === result.event_id)
    return isKept ? { ...result, overtaken: left_out } : { outcome: 'overtaken', event_id: result.event_id }
  })
}

/** An event that was not seen before. */
interface Fresh {
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

/**
 * Gives replays the place of what they replay, and leaves out those of their deliveries that a newer event has
 * overtaken: asked under the locks of their subjects, so that none can come in between.
 */
async function standReplays(
  db: Db,
  fresh: readonly Fresh[],
): Promise<{ kept: Fresh[]; overtaken: Map<string, string[]> }> {
  const kept: Fresh[] = []
  const overtaken = new Map<string, string[]>()
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
    if (left_out.length > 0) overtaken.set(event.id, left_out)
    if (left_out.length === 0 || deliveries.length > 0) {
      kept.push({ ...one, event: { ...event, deliveries }, place })
    }
  }
  return { kept, overtaken }
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

/** Who held each moved alias or stage before, and the new holders written. */
async function moveHolders(
  db: Db,
  flavor: Flavor,
  events: readonly NewEvent[],
): Promise<Map<NewEvent, string | null>> {
  const before = new Map<NewEvent, string | null>()
  const moves = events.flatMap((event) => (event.holder === null ? [] : [{ event, holder: event.holder }]))
  if (moves.length === 0) return before
  const keys = [...new Set(moves.map(({ holder }) => holder.key))]
  const held = db.selectFrom('holders').selectAll().where('key', 'in', keys).orderBy('key')
  const rows = await flavor.locked(held).execute()
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

/** The event's text with what only the log knows. */
function withHistory(text: string, repeat_of: string | null, previous_version: string | null): string {
  if (repeat_of === null && previous_version === null) return text
  const event = JSON.parse(text) as ModelEvent
  const change = { ...event.change, previous_version }
  return JSON.stringify({ ...event, repeat_of, change } satisfies Record<keyof ModelEvent, unknown>)
}

const insertEvents = insertAll('events', (query) => query.returning(['id', 'seq']))

/** A delivery on its way into the queue. */
interface Queued {
  event_id: string
  place: number
  delivery: NewDelivery
}

/**
 * Puts deliveries into the queue: each becomes head at once or waits behind its subject's older ones. The caller holds
 * the locks of their lanes and subjects.
 */
async function enqueue(db: Db, flavor: Flavor, items: readonly Queued[], now: number): Promise<void> {
  if (items.length === 0) return
  const live = items.filter(({ delivery }) => delivery.error === null)
  const newest = new Map<string, number>()
  for (const { place, delivery } of live) {
    newest.set(delivery.subject, Math.max(place, newest.get(delivery.subject) ?? 0))
  }
  // New events stand behind all that is there; a replay stands where it stood, so it has a place of its own.
  for (const [place, group] of Map.groupBy(newest.keys(), (subject) => newest.get(subject) ?? 0)) {
    await supersedeOlder(db, flavor, group, place, now)
  }
  const busy = await busySubjects(
    db,
    live.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  await insertDeliveries(
    db,
    items.map((item) => {
      const { ordered, subject, error, supersede } = item.delivery
      if (error !== null) return toRow(item, { status: 'failed', head: false }, now)
      // What came in with it, a moment later, replaces it like any other.
      const isReplaced = supersede === 'waiting' && item.place < (newest.get(subject) ?? 0)
      if (isReplaced) return toRow(item, { status: 'superseded', head: false }, now)
      const head = !ordered || !busy.has(subject)
      if (head && ordered) busy.add(subject)
      return toRow(item, { status: 'pending', head }, now)
    }),
  )
}

/** Subjects in which an ordered delivery is unfinished: then one of those is the head. */
async function busySubjects(db: Db, subjects: readonly string[]): Promise<Set<string>> {
  if (subjects.length === 0) return new Set()
  const rows = await db
    .selectFrom('deliveries')
    .select('subject')
    .distinct()
    .where('subject', 'in', [...new Set(subjects)])
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .execute()
  return new Set(rows.map(({ subject }) => subject))
}

const insertDeliveries = insertAll('deliveries')

/** How a delivery begins. */
interface Beginning {
  status: 'pending' | 'failed' | 'superseded'
  head: boolean
}

function toRow({ event_id, place, delivery }: Queued, { status, head }: Beginning, now: number) {
  return {
    id: delivery.id,
    event_id,
    automation: delivery.automation,
    revision: delivery.revision,
    position: delivery.position,
    type: delivery.type,
    target: delivery.target,
    lane: delivery.lane,
    subject: delivery.subject,
    place,
    dedupe_key: delivery.dedupe_key,
    ordered: delivery.ordered ? 1 : 0,
    supersede: delivery.supersede,
    head: head ? 1 : 0,
    status,
    attempts: 0,
    tries: 0,
    due_at: now,
    lease: null,
    lease_until: null,
    created_at: now,
    ended_at: status === 'pending' ? null : now,
    expires_after: delivery.expires_after_ms,
    expires_at: delivery.expires_after_ms === null ? null : now + delivery.expires_after_ms,
    error: delivery.error === null ? null : JSON.stringify(delivery.error),
    replay_of: delivery.replay_of,
  }
}

/** A stored event's context, as `accept` wrote it. */
export function readContext(text: string): EventContext {
  return JSON.parse(text) as EventContext & JsonObject
}
