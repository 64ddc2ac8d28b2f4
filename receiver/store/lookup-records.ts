import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { JsonText } from './json-text.ts'
import type { EventContext, NewDelivery, NewEvent, Superseded } from './records.ts'

/** An event whose registry this process may ask now: the oldest of its model that is not matched yet. */
export interface TakenLookup {
  event_id: string
  source: string
  /** Names the claim: a result is only written under it. */
  lease: string
  event: JsonText<ModelEvent>
  context: EventContext
  required: boolean
  /** How often the registry was asked in vain. */
  tries: number
  /** Why it was in vain the last time. */
  last_error: string | null
  /** How long ago the event was accepted, in ms of the store's time. */
  waited_ms: number
  /** The time to ask is over: whatever is known now decides. */
  overdue: boolean
}

/** The outcome of a look-up. */
export type SettledLookup = { event_id: string; lease: string } &
  /** `error`: why it was in vain, for whoever gives up. */
  (
    | { outcome: 'again'; wait_ms: number; error: string | null }
    | {
        outcome: 'done'
        status: 'matched' | 'unmatched' | 'stale' | 'lookup_failed'
        event: JsonText<ModelEvent>
        holder: NewEvent['holder']
        /** The automations that it was matched under, where replicas share them. */
        automations_version?: number
        deliveries: readonly NewDelivery[]
      }
  )

/** A heartbeat of the look-ups: its report and its request. */
export interface AdvanceLookups {
  now: number
  settled: readonly SettledLookup[]
  /** How many more events of each source the caller can ask about now. */
  free: readonly { source: string; count: number }[]
  /** How long a lease is valid, in ms of the store's clock. */
  lease_ms: number
}

/** The outcome of one reported result. */
export type LookupSettled =
  /** The lease was no longer valid: another process has the event. */
  | { outcome: 'lost' }
  | { outcome: 'again' }
  /** `stale`: ids of deliveries that were not made, since a newer event of their slot got through. */
  | { outcome: 'done'; status: SettledStatus; stale: readonly string[] }

/** The status of an event that is no longer looked up. */
export type SettledStatus = Extract<SettledLookup, { outcome: 'done' }>['status']

/** The answer to a heartbeat. */
export interface AdvancedLookups {
  taken: TakenLookup[]
  /** The outcomes of `settled`, in their order. */
  settled: LookupSettled[]
  /** The lanes to look at. */
  lanes: string[]
  superseded: Superseded[]
  /** When to call again if nothing else happens before, in ms from now; Infinity when nothing waits. */
  wait_ms: number
}
