import type { JsonObject, ModelEvent } from '../../../src/contract/model-event.ts'
import type { LanePolicy } from '../../destinations/destination.ts'
import type { Identity } from '../../sources/source.ts'
import type { Db, Flavor } from '../flavor.ts'
import type { DeliveriesTable } from '../schema.ts'
import { claimIdentities, nameOriginals, noteBodies } from './identities.ts'
import { insertAll } from './insert-all.ts'
import { openLanes } from './lanes.ts'
import { supersedeOlder } from './subjects.ts'
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
  /** Where to look up and note who holds the alias or stage; null where the event moves none. */
  holder: { key: string; version: string | null } | null
  deliveries: NewDelivery[]
}

export type Accepted =
  | { outcome: 'accepted'; event_id: string; repeat_of: string | null }
  | { outcome: 'duplicate'; event_id: string }

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
  const fresh = events.flatMap((event, i) =>
    results[i]?.outcome === 'accepted' ? [{ event, repeat_of: repeats[i] ?? null }] : [],
  )
  if (fresh.length === 0) return results

  const holders = await moveHolders(
    db,
    fresh.map(({ event }) => event),
  )
  await insertEvents(
    db,
    fresh.map(({ event, repeat_of }) => ({
      id: event.id,
      source: event.source,
      type: event.type,
      kind: event.kind,
      status: event.deliveries.length > 0 ? ('matched' as const) : ('unmatched' as const),
      received_at: event.received_at,
      event: withHistory(event.event, repeat_of, holders.get(event) ?? null),
      context: JSON.stringify(event.context),
      raw: event.raw,
    })),
  )
  await enqueue(
    db,
    flavor,
    fresh.flatMap(({ event }) => event.deliveries.map((delivery) => ({ event_id: event.id, delivery }))),
    now,
  )
  return results
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
async function moveHolders(db: Db, events: readonly NewEvent[]): Promise<Map<NewEvent, string | null>> {
  const before = new Map<NewEvent, string | null>()
  const moves = events.flatMap((event) => (event.holder === null ? [] : [{ event, holder: event.holder }]))
  if (moves.length === 0) return before
  const keys = [...new Set(moves.map(({ holder }) => holder.key))]
  const rows = await db.selectFrom('holders').selectAll().where('key', 'in', keys).execute()
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

const insertEvents = insertAll('events')

/** Puts deliveries into the queue: each becomes head at once or waits behind its subject's older ones. */
export async function enqueue(
  db: Db,
  flavor: Flavor,
  items: readonly { event_id: string; delivery: NewDelivery }[],
  now: number,
): Promise<void> {
  if (items.length === 0) return
  const live = items.filter(({ delivery }) => delivery.error === null)
  await openLanes(
    db,
    flavor,
    live.map(({ delivery }) => delivery),
    now,
  )
  const subjects = [...new Set(live.map(({ delivery }) => delivery.subject))]
  await flavor.lockSubjects(db, subjects)
  await supersedeOlder(db, flavor, subjects, now)
  const busy = await busySubjects(
    db,
    live.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  const newest = new Map(live.map(({ delivery }) => [delivery.subject, delivery]))
  await insertDeliveries(
    db,
    items.map(({ event_id, delivery }) => {
      const { ordered, subject, error, supersede } = delivery
      if (error !== null) return toRow(event_id, delivery, { status: 'failed', head: false }, now)
      // What came in with it, a moment later, replaces it like any other.
      const replaced = supersede === 'waiting' && newest.get(subject) !== delivery
      if (replaced) return toRow(event_id, delivery, { status: 'superseded', head: false }, now)
      const head = !ordered || !busy.has(subject)
      if (head && ordered) busy.add(subject)
      return toRow(event_id, delivery, { status: 'pending', head }, now)
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

function toRow(event_id: string, delivery: NewDelivery, { status, head }: Beginning, now: number) {
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
    expires_at: delivery.expires_after_ms === null ? null : now + delivery.expires_after_ms,
    error: delivery.error === null ? null : JSON.stringify(delivery.error),
    replay_of: delivery.replay_of,
  }
}

/** A stored event's context, as `accept` wrote it. */
export function readContext(text: string): EventContext {
  return JSON.parse(text) as EventContext & JsonObject
}
