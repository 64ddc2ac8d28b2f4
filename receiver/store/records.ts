import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { AttemptResult, Meaning } from '../policy/attempt.ts'
import type { LanePolicy, PauseReason } from '../policy/lane.ts'
import type { Identity } from '../sources/identity.ts'
import type { JsonText } from './json-text.ts'
import type { NewLookup } from './new-lookup.ts'

/** The states of a delivery; who leaves each of them, and how: `tables/deliveries.ts`. */
export type DeliveryStatus =
  'pending' | 'delivering' | 'succeeded' | 'failed' | 'expired' | 'superseded' | 'canceled'

/** Which waiting deliveries a newer event of their slot supersedes: none, those that failed at least once, or all. */
export type Supersede = 'never' | 'retrying' | 'waiting'

/** Why a delivery did not get through, for people: `class` as of its last attempt, or `expired`. */
export interface DeliveryError extends Problem {
  class: string
}

/** The source's words beside the event, kept for templates and for people. */
export interface EventContext {
  flat: Record<string, string>
  dispatch_type: string | null
  /** The body's own `client_payload` where the body is GitHub-shaped, else null. */
  client_payload: JsonObject | null
  /** Where a request for GitHub's own dispatch route was meant to go; null for webhooks. */
  drop_in: { connection: string; repository: string } | null
  hint: string | null
  /** Index of the secret that verified the request, null where none did. */
  secret: number | null
}

/** A delivery to be made of an event. */
export interface NewDelivery {
  id: string
  automation: string
  revision: string
  /** Which of the revision's destinations. */
  position: number
  type: string
  target: string
  lane: string
  policy: LanePolicy
  /** The key of the scope of order. */
  subject: string
  /** The key of the place that only one event can hold at a time, within the subject; the subject's own where it has but one. */
  slot: string
  dedupe_key: string
  /** Whether it is sent strictly in turn within the subject. */
  ordered: boolean
  supersede: Supersede
  /** Ms after acceptance, or null for never. */
  expires_after_ms: number | null
  /** The event that is replayed, or null. */
  replay_of: string | null
  /** The event gives no valid request: the delivery is born a dead letter with this reason. */
  error: DeliveryError | null
}

/** A verified event and its deliveries. */
export interface NewEvent {
  id: string
  source: string
  type: string
  kind: string
  /** Wall clock, Unix ms: for people. */
  received_at: number
  event: JsonText<ModelEvent>
  /** The name of the model and the alias of the change, for the filters of lists. */
  model?: string | null
  alias?: string | null
  context: EventContext
  raw: Uint8Array
  identity: Identity
  /** Equal for all events of this source about one model; null where the body names none. */
  home: string | null
  /** Whether to refuse a body that came before, however long ago. */
  refuse_repeats: boolean
  /** Null but for a replay: which event it replays, and whether stale deliveries are made as well. */
  replay: { of: string; force: boolean } | null
  /** The question to its registry before it is matched; absent: none, and `deliveries` came of the match. */
  lookup?: NewLookup
  /** Where to look up and note who holds the alias or stage; null where the event moves none. */
  holder: { key: string; version: string | null } | null
  /** The text of an automation that no configuration holds, to be kept with its deliveries. */
  revision?: Revision
  deliveries: NewDelivery[]
  /** The version of the stored automations that it was matched against; absent where nobody else can change them. */
  automations_version?: number
}

/** A group of events to take in. */
export interface AcceptArgs {
  now: number
  events: readonly NewEvent[]
  /** The group was tried before, and nobody knows whether that was committed. */
  retry?: boolean
  /** How long the senders wait, in ms: what takes longer is rolled back. */
  wait_ms?: number
}

/** The outcome of an event that was handed to `accept`. */
export type Accepted =
  | {
      outcome: 'accepted'
      event_id: string
      repeat_of: string | null
      /** Ids of a replay's deliveries that were not made, since a newer event makes them stale. */
      stale?: readonly string[]
      /** Lanes in which something older can be claimed now that this event has superseded what was before it. */
      lanes?: readonly string[]
      /** Deliveries that this group's events have superseded: told with the first of the group that is stored. */
      superseded?: readonly Superseded[]
    }
  | { outcome: 'duplicate'; event_id: string }
  /** A replay whose every delivery is stale: nothing was stored. */
  | { outcome: 'stale'; event_id: string }

/** A delivery that a newer event of its slot has superseded. */
export interface Superseded {
  delivery_id: string
  event_id: string
  automation: string
  target: string
  /** The newer event. */
  superseded_by: string
}

/** A delivery that this process may try now, with all that is needed to try it. */
export interface Claimed {
  id: string
  lease: string
  lane: string
  subject: string
  dedupe_key: string
  automation: string
  type: string
  target: string
  position: number
  /** Attempts so far that count against the schedule. */
  counted_attempts: number
  /** How often it has been redelivered. */
  redeliveries: number
  /** The automation's revision that the delivery was made under. The store does not look into it. */
  spec: JsonText<unknown>
  event_id: string
  event: JsonText<ModelEvent>
  context: EventContext
}

/** The result of one attempt, under the lease it was claimed with. */
export interface Finished extends Meaning {
  delivery_id: string
  lane: string
  subject: string
  lease: string
  /** Wall clock of its start, Unix ms: for people. */
  at: number
  duration_ms: number
  status: number | null
  request: JsonText<AttemptResult['request']>
  response: string | null
  /** Uniform in [0, 1): the jitter of this attempt. */
  random: number
}

/** The consequence of an attempt. */
export interface Consequence {
  /** Null: the lease was no longer ours, and the result was dropped. */
  status: 'succeeded' | 'failed' | 'pending' | null
  /** The first success of this automation and target after a failure. */
  recovered: boolean
  /** This attempt paused the lane. */
  paused: { reason: PauseReason; until: number; message: string } | null
  /** This attempt was answered as it should be, and ended a pause of the lane. */
  resumed: boolean
}

/** A heartbeat of the engine: its report and its request. */
export interface Advance {
  now: number
  /** Results of attempts, each under the lease that it was claimed with. */
  finished: readonly Finished[]
  /** How many deliveries the caller can take on now. */
  capacity: number
  /** How long a lease is valid, in ms of the store's clock. */
  lease_ms: number
  /** Lanes to look at even before their wake time: something was put there. */
  lanes: readonly string[]
}

/** The answer to a heartbeat. */
export interface Advanced {
  claimed: Claimed[]
  /** The consequences of `finished`, in their order. */
  consequences: Consequence[]
  /** Deliveries that ended without an attempt that said so. */
  given_up: GivenUp[]
  superseded: Superseded[]
  /**
   * By lane that was looked at: how long nothing can be claimed in it, whatever comes into it, in ms; Infinity: until
   * an attempt ends.
   */
  blocked_ms: Map<string, number>
  /** Lanes that must be looked at but could not be, since another replica did or too many were due: ask again. */
  missed: string[]
  /** When to call again if nothing else happens before, in ms from now; Infinity when nothing waits. */
  wait_ms: number
}

/** A delivery that ended for good without an attempt that said so. */
export interface GivenUp extends DeliveryError {
  id: string
  event_id: string
  automation: string
  target: string
  lane: string
  status: 'failed' | 'expired'
  event: JsonText<ModelEvent>
}

/** The deliveries that a start found under way. */
export interface Recovered {
  /** How many deliveries were reclaimed. */
  reclaimed: number
  given_up: GivenUp[]
}

/** An immutable text of an automation. */
export interface Revision {
  id: string
  automation: string
  /** Names secrets and never holds one. The store does not look into it. */
  spec: JsonText<unknown>
}

/** How long what has ended is kept, in ms. */
export interface Retention {
  succeeded_ms: number
  failed_ms: number
}

/** The work of one step of the retention. */
export interface Swept {
  /** How many deliveries, events and slots were deleted. */
  gone: number
  /** Whether nothing is left to look at until later. */
  is_done: boolean
}

/** The outcome of a redelivery. */
export type Redelivered =
  /** `lanes`: where something may be claimed now. */
  | { outcome: 'queued'; lanes: string[] }
  /** A newer event of its slot has got through, or may have: this one would roll it back. */
  | { outcome: 'stale' }
  /** The delivery waits or is under way already. */
  | { outcome: 'unfinished' }
  /** The event gave it no valid target: the event can only be replayed, under a corrected automation. */
  | { outcome: 'no_target' }
  | { outcome: 'not_found' }

/** Which finished deliveries a bulk redelivery means. */
export interface BulkFilter {
  status: 'failed' | 'expired' | 'canceled' | 'superseded'
  automation?: string | undefined
  destination?: string | undefined
  event?: string | undefined
  /** Any of these. */
  automations?: readonly string[] | undefined
  model?: string | undefined
  alias?: string | undefined
  /** When it was accepted, in Unix ms. */
  since?: number | undefined
  until?: number | undefined
}

/** The outcome of one batch of a bulk redelivery. */
export interface BulkRedelivered {
  queued: number
  stale: number
  no_target: number
  /** Where something may be claimed now. */
  lanes: string[]
  /** Pass as `after` for the rest; null when all have been looked at. */
  next: number | null
}

/** The outcome of a cancellation. */
export type Canceled =
  /** `lanes`: where the next delivery of its subject may be claimed now. */
  | { outcome: 'canceled'; lanes: string[] }
  /** The delivery is under way or has ended: `status` says which. */
  | { outcome: 'kept'; status: DeliveryStatus }
  | { outcome: 'not_found' }
