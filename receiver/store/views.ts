import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import type { LaneState } from '../policy/lane.ts'
import type { JsonText } from './json-text.ts'
import type { DeliveryError, DeliveryStatus, EventContext, Supersede } from './records.ts'

/** A page of a list, newest first. */
export interface Page<T> {
  items: T[]
  /** Pass as `cursor` for what comes after; null at the end. */
  next_cursor: string | null
}

/** The state of an event: see `EventsTable.status`. */
export type EventStatus = 'enriching' | 'matched' | 'unmatched' | 'stale' | 'lookup_failed'

/** An event as lists show it. */
export interface EventSummary {
  id: string
  source: string
  type: string
  kind: string
  status: EventStatus
  received_at: number
  event: JsonText<ModelEvent>
  deliveries: DeliverySummary[]
}

/** An event with its raw body. */
export type EventDetail = EventSummary & { raw: Uint8Array; context: EventContext }

/** A delivery as lists show it. Times are Unix ms. */
export interface DeliverySummary {
  /** The order of acceptance. */
  seq: number
  id: string
  event_id: string
  automation: string
  revision: string
  position: number
  type: string
  target: string
  lane: string
  subject: string
  slot: string
  place: number
  dedupe_key: string
  supersede: Supersede
  status: DeliveryStatus
  /** Attempts that count against the schedule. */
  counted_attempts: number
  /** Every attempt, also those that a limit turned away. */
  attempts: number
  due_at: number
  created_at: number
  ended_at: number | null
  /** Ms from acceptance or redelivery, or null. */
  expires_after: number | null
  expires_at: number | null
  error: DeliveryError | null
  replay_of: string | null
  /** Whether it is the first unfinished delivery of its subject. */
  is_head: boolean
  /** Its lane as it is now; null where it has none. */
  lane_state: (Pick<LaneState, 'paused_until' | 'pause' | 'pause_message'> & { next_at: number }) | null
  /** While it is unfinished: when it is tried next at the earliest, by itself and by its lane's pause. Else null. */
  next_attempt_at: number | null
  /** The latest `LISTED_ATTEMPTS`, oldest first. */
  attempt_log: AttemptSummary[]
}

/** An attempt as lists show it. */
export interface AttemptSummary {
  at: number
  duration_ms: number
  status: number | null
  class: string
  error: string | null
}

/** An attempt with its request and response. */
export interface AttemptDetail extends AttemptSummary {
  request: Partial<AttemptResult['request']>
  response: string | null
}

/** A delivery with all of its attempts. */
export type DeliveryDetail = Omit<DeliverySummary, 'attempt_log'> & { attempt_log: AttemptDetail[] }

/**
 * How many attempts of each delivery lists show: more than a whole schedule has. A delivery in a paused lane can
 * collect attempts without limit.
 */
export const LISTED_ATTEMPTS = 20

/** Which events and deliveries a list shows, beside what is their own. Times are Unix ms. */
interface CommonFilter {
  /** Limits the list to an automation, or to any of `automations`. */
  automation?: string | undefined
  automations?: readonly string[] | undefined
  /** The name of the model, in full. */
  model?: string | undefined
  alias?: string | undefined
  since?: number | undefined
  until?: number | undefined
  /** Text in the event's title, whatever its case. */
  q?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** Which events a list shows. */
export interface EventFilter extends CommonFilter {
  source?: string | undefined
  type?: string | undefined
  kind?: string | undefined
  status?: string | undefined
}

/** Which deliveries a list shows. */
export interface DeliveryFilter extends CommonFilter {
  status?: DeliveryStatus | undefined
  destination?: string | undefined
  event?: string | undefined
}

/** When a source sent its last event. */
export interface LastHeard {
  source: string
  /** Null where it never sent any: `silent_ms` counts from when that was asked first. */
  event_id: string | null
  /** How long ago, in ms of the store's time. */
  silent_ms: number
}

/** Which hours an overview counts. Times are Unix ms. */
export interface OverviewArgs {
  /** When each begins. */
  hours: readonly number[]
  /** How long each lasts, in ms. */
  hour_ms: number
  /** Failed deliveries are counted up to so many. */
  most_failed: number
}

/** The traffic in and out, and the backlog. Times are Unix ms. */
export interface Overview {
  hours: { at: number; events: number; succeeded: number; failed: number }[]
  waiting: number
  oldest_waiting_at: number | null
  dead_letters: number
}
