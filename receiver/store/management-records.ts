import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { JsonText } from './json-text.ts'
import type { DeliverySummary } from './views.ts'

/** An automation that was written through the API. Times are Unix ms. */
export interface StoredAutomation {
  name: string
  /** As it was written. The store does not look into it. */
  spec: JsonText<unknown>
  /** Grows with each change of any of them. */
  version: number
  created_at: number
  updated_at: number
  /** The name of the token that wrote it. */
  updated_by: string
}

/** The precondition of a change of a stored automation: that it is not there, or which version it has. */
export type Expected = { version: number } | 'absent' | 'present' | 'anything'

/** The outcome of a change of a stored automation. */
export type AutomationChange =
  | { outcome: 'created' | 'replaced' | 'deleted'; version: number }
  /** The precondition failed: `version` is the present version, null where there is no such automation. */
  | { outcome: 'unexpected'; version: number | null }
  | { outcome: 'too_many' }

/** An entry of the audit log, as it is written. */
export interface NewAuditEntry {
  /** Wall clock, Unix ms. */
  at: number
  actor: string
  address: string | null
  action: string
  target: string | null
  automation: string | null
  details: JsonText<unknown>
}

/** Which entries of the audit log a list shows. */
export interface AuditFilter {
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  /** Limits the list to entries that concern one of these automations. */
  automations?: readonly string[] | undefined
  /** Unix ms. */
  since?: number | undefined
  until?: number | undefined
  limit: number
  cursor?: string | undefined
}

/** A lane as lists show it. Times are Unix ms. */
export interface ShownLane {
  lane: string
  concurrency: number
  interval_ms: number
  next_at: number
  paused_until: number
  pause: string | null
  pause_message: string | null
  /** How many deliveries wait, of those that were looked through. */
  waiting: number
  /** When the oldest of them was accepted. */
  oldest_at: number | null
}

/** An event of a source, as far as it tells whether the source is in order. */
export interface SourceEventSeen {
  id: string
  type: string
  received_at: number
  /** Which secret verified it, counted from 0; null where none did. */
  verified_with: number | null
}

/** The subject of the latest events of one model and alias. */
export interface ShownSubject {
  source: string
  model: string
  alias: string | null
  /** How many of the events that were looked through. */
  events: number
  /** The latest of them. */
  event_id: string
  received_at: number
  event: JsonText<ModelEvent>
  /** The deliveries of that event. */
  deliveries: DeliverySummary[]
}

/** The deliveries that a bulk redelivery would put back. */
export interface Previewed {
  items: { id: string; automation: string; target: string; stale: boolean; no_target: boolean }[]
  /** Pass as `after` for the rest; null when all have been looked at. */
  next: number | null
}
