import { hash } from 'node:crypto'
import { modelPath, slotOf } from '../../src/contract/keys.ts'
import { SCHEMA, type DecodedEvent, type ModelEvent } from '../../src/contract/model-event.ts'
import type { MatchResult } from '../automations/automation.ts'
import { explainEvent } from '../automations/explain.ts'
import { whyNone } from '../automations/why-none.ts'
import type { SourceConfig } from '../config/config.ts'
import type { Matched } from '../lookups/decide.ts'
import { giveUpAfter } from '../lookups/schedule.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { SourceEvent } from '../sources/source.ts'
import { jsonText } from '../store/json-text.ts'
import type { TakenLookup } from '../store/lookup-records.ts'
import type { NewLookup } from '../store/new-lookup.ts'
import type { NewDelivery, NewEvent } from '../store/records.ts'
import { dropInAutomation, dropInResult, type DropIn } from './drop-in.ts'
import { newEventId } from './ids.ts'
import { planDeliveries } from './plan.ts'

/** An event as it goes to the store, and what was decided about it. */
export interface Prepared {
  event: ModelEvent
  hint: string | null
  results: readonly MatchResult[]
  /** The destinations, or why there are none, in a sentence or two. */
  message: string
  record: NewEvent
}

/** How the event came in. */
export interface Arrival {
  raw: Uint8Array
  /** Wall clock, Unix ms. */
  received_at: number
  /** Which secret verified it, or null. */
  secret: number | null
  /** Where a request for GitHub's own dispatch route is to go; null for webhooks, which automations are asked about. */
  drop_in?: DropIn | null
}

/** Returns what a source understood as the event that is stored, with its deliveries. Pure but for ids. */
export function prepareEvent(
  runtime: Runtime,
  source: SourceConfig,
  found: SourceEvent,
  arrival: Arrival,
): Prepared {
  const event = modelEventOf(source, found.event, arrival.received_at)
  const record = {
    ...recordOf(event, found, arrival),
    identity: found.identity,
    home: found.home,
    refuse_repeats: source.repeats === 'refuse',
    replay: null,
    holder: holderOf(event),
  }
  const isAsked = found.home !== null && !event.test && record.context.drop_in === null
  const lookup = isAsked ? lookupFor(source, false) : null
  if (lookup !== null) return waitingFor(lookup, { event, hint: found.hint, record })
  return matchAndPlan(runtime, source, { event, found, record })
}

/** Returns what a source understood as a new event, accepted at `received_at` (Unix ms). */
export function modelEventOf(
  { name, type }: Pick<SourceConfig, 'name' | 'type'>,
  found: DecodedEvent,
  received_at: number,
): ModelEvent {
  return {
    schema: SCHEMA,
    id: newEventId(),
    source: { name, type },
    type: found.type,
    kind: found.kind,
    title: found.title,
    author: found.author,
    occurred_at: found.occurred_at,
    received_at: isoTime(received_at),
    test: found.test,
    own: found.own,
    synthetic: false,
    repeat_of: null,
    replay_of: null,
    model: found.model,
    change: found.change,
    run: found.run,
    metadata: found.metadata,
    extra: found.extra,
  }
}

/** An accepted event that is to go through today's automations again. */
export interface Replay {
  event: ModelEvent
  found: Found
  arrival: Arrival
  /** Also what is stale: a newer event has the slot. */
  force: boolean
  /** The registry is asked anew: it did not answer before. Null: what the event says is all that is needed. */
  lookup: NewLookup | null
}

/**
 * Returns an accepted event once more, under a new id and today's automations. The replay moves no alias in our log,
 * and takes the place of the event.
 */
export function prepareReplay(
  runtime: Runtime,
  source: SourceConfig,
  { event: replayed, found, arrival, force, lookup }: Replay,
): Prepared {
  const event: ModelEvent = {
    ...replayed,
    id: newEventId(),
    received_at: isoTime(arrival.received_at),
    repeat_of: null,
    replay_of: replayed.replay_of ?? replayed.id,
  }
  const record = {
    ...recordOf(event, found, arrival),
    identity: { rule: 'delivery', key: event.id, value: event.id, window_ms: 0, body_hash: null } as const,
    home: null,
    refuse_repeats: false,
    replay: { of: replayed.id, force },
    holder: null,
  }
  if (lookup !== null) return waitingFor(lookup, { event, hint: found.hint, record })
  return matchAndPlan(runtime, source, { event, found, record })
}

type Found = Pick<SourceEvent, 'flat' | 'dispatch_type' | 'client_payload' | 'hint'>

function recordOf(event: ModelEvent, found: Found, arrival: Arrival) {
  const { flat, dispatch_type, client_payload = null, hint } = found
  const { secret, drop_in = null } = arrival
  return {
    id: event.id,
    source: event.source.name,
    type: event.type,
    kind: event.kind,
    received_at: arrival.received_at,
    event: jsonText(event),
    model: event.model?.name ?? null,
    alias: event.change.alias,
    context: { flat, dispatch_type, client_payload, drop_in, hint, secret },
    raw: arrival.raw,
  }
}

/** Returns how an event waits for its source's look-up; null where the source has none. */
export function lookupFor({ lookup }: SourceConfig, force: boolean): NewLookup | null {
  if (lookup === null) return null
  const { mode } = lookup
  return { required: mode === 'required', give_up_ms: giveUpAfter(mode), force }
}

/** Returns an event whose registry is asked first: it is matched, and moves an alias in our log, after that. */
function waitingFor(
  lookup: NewLookup,
  { event, hint, record }: { event: ModelEvent; hint: string | null; record: Omit<NewEvent, 'deliveries'> },
): Prepared {
  const message = `Its registry is asked about ${event.model?.name ?? 'it'} before it is matched.`
  return { event, hint, results: [], message, record: { ...record, lookup, holder: null, deliveries: [] } }
}

/** Returns what is to be done about an event whose registry was asked. */
export function matchLookedUp(runtime: Runtime, event: ModelEvent, { context }: TakenLookup): Matched {
  const source = runtime.config.sources.get(event.source.name)
  const { deliveries, message, under } = match(runtime, source?.allow, { event, found: context })
  return { deliveries, message, holder: event.replay_of === null ? holderOf(event) : null, ...under }
}

function match(
  runtime: Runtime,
  allow: SourceConfig['allow'] | undefined,
  { event, found }: { event: ModelEvent; found: Omit<Found, 'hint'> },
) {
  const results = explainEvent(runtime.automations, event, allow)
  const matched = runtime.automations.filter((_, i) => results[i]?.matched === true)
  const deliveries = planDeliveries(event, found, matched, runtime.senders)
  const { shared, version } = runtime.stored
  const under = shared ? { automations_version: version } : {}
  return { results, deliveries, message: messageOf(event, deliveries, results), under }
}

function matchAndPlan(
  runtime: Runtime,
  source: SourceConfig,
  { event, found, record }: { event: ModelEvent; found: Found; record: Omit<NewEvent, 'deliveries'> },
): Prepared {
  const { drop_in } = record.context
  if (drop_in !== null) return planDropIn(runtime, { event, found, record, drop_in })
  const { results, deliveries, message, under } = match(runtime, source.allow, { event, found })
  return { event, hint: found.hint, results, message, record: { ...record, deliveries, ...under } }
}

/** Plans the one delivery of a request for GitHub's own dispatch route. Its automation is kept along with the event. */
function planDropIn(
  { senders }: Runtime,
  {
    event,
    found,
    record,
    drop_in,
  }: { event: ModelEvent; found: Found; record: Omit<NewEvent, 'deliveries'>; drop_in: DropIn },
): Prepared {
  const automation = dropInAutomation(event.source.name, drop_in)
  const deliveries = planDeliveries(event, found, [automation], senders)
  const message = messageOf(event, deliveries, [])
  const { revision: id, spec } = automation
  const revision = { id, automation: spec.name, spec: jsonText(spec) }
  const results = [dropInResult(drop_in)]
  return { event, hint: found.hint, results, message, record: { ...record, revision, deliveries } }
}

function messageOf(
  event: ModelEvent,
  deliveries: readonly NewDelivery[],
  results: readonly MatchResult[],
): string {
  if (deliveries.length === 0) return whyNone(event, results)
  const sent = deliveries.filter(({ error }) => error === null)
  const failed = deliveries.find(({ error }) => error !== null)
  const where = sent.map(({ automation, type, target }) => `${automation} -> ${type} ${target}`).join('; ')
  const trouble = failed?.error ? `${failed.automation} cannot be delivered: ${failed.error.message}` : ''
  return [where === '' ? '' : `${where}.`, trouble].filter((part) => part !== '').join(' ')
}

/** Returns what the event says about who holds an alias or a stage from now on. */
function holderOf(event: ModelEvent): NewEvent['holder'] {
  const { source, kind, model, change } = event
  if (model === null || !['alias.added', 'alias.removed', 'stage.changed'].includes(kind)) return null
  if ((kind === 'stage.changed' ? change.to_stage : change.alias) === null) return null
  const place = JSON.stringify([source.name, ...modelPath(model), slotOf(event)])
  // Names may be longer than what a database takes as a key.
  const key = hash('sha256', place, 'hex')
  return { key, version: kind === 'alias.removed' ? null : model.version }
}
