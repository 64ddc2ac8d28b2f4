import type { Generated } from 'kysely'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import type { PauseReason } from '../policy/lane.ts'
import type { JsonText } from './json-text.ts'
import type { DeliveryError, DeliveryStatus, EventContext, Supersede } from './records.ts'

/**
 * The tables, the same on SQLite and PostgreSQL. Times are Unix ms, flags 0 or 1, JSON is text without U+0000
 * and lone surrogates (raw bodies are bytes).
 */
export interface Tables {
  events: EventsTable
  known: KnownTable
  slots: SlotsTable
  revisions: RevisionsTable
  deliveries: DeliveriesTable
  attempts: AttemptsTable
  lanes: LanesTable
  facts: FactsTable
  secrets: SecretsTable
  lookups: LookupsTable
  automations: AutomationsTable
  audit: AuditTable
}

interface EventsTable {
  /** The order of acceptance. */
  seq: Generated<number>
  id: string
  source: string
  type: string
  kind: string
  /** enriching: its registry is asked first (`lookups`); stale, lookup_failed: nothing came of it, for good. */
  status: 'enriching' | 'matched' | 'unmatched' | 'stale' | 'lookup_failed'
  /** By the machine's clock: what people are shown. */
  received_at: number
  /** By the store's own time, as every other time that is compared. */
  accepted_at: number
  event: JsonText<ModelEvent>
  /** The source's words beside the event: see `EventContext`. */
  context: JsonText<EventContext>
  raw: Uint8Array
  /** Of a replay: the place of the event that it began with. Null: the event's own `seq` is its place. */
  place: number | null
  /** The name of the model and the alias, for the filters of lists. */
  model: string | null
  alias: string | null
}

/** The memory of a model: see `tables/known.ts`. */
interface KnownTable {
  model: number
  what: number
  value: Uint8Array
  until: number | null
}

/** How far a slot has got: outlives the deliveries, so that an old event can still be told from the latest. */
interface SlotsTable {
  slot: string
  /** The place of the newest event that got through. */
  place: number
  noted_at: number
}

/** Immutable texts of automations; a delivery keeps the one it was made under. */
interface RevisionsTable {
  id: string
  automation: string
  spec: JsonText<unknown>
  /** When it was last in force, to the hour. */
  noted_at: number
}

/** Deliveries that wait, are under way, or have ended. */
export interface DeliveriesTable {
  /** The order of acceptance. */
  seq: Generated<number>
  id: string
  event_id: string
  automation: string
  revision: string
  /** Which of the revision's destinations. */
  position: number
  type: string
  target: string
  lane: string
  /** The scope of order. */
  subject: string
  /** The place that only one event can hold at a time, within the subject; the subject itself where it has but one slot. */
  slot: string
  /**
   * The place of its event among all: the order of dispatch within a subject. A replay has the place of the event that
   * it replays; deliveries of one event have one place, and none supersedes another or makes it stale.
   */
  place: number
  dedupe_key: string
  /** 1: one at a time and in order within the subject. */
  ordered: number
  supersede: Supersede
  /** 1: may be claimed: the first unfinished one of its subject (always 1 where not `ordered`). */
  head: number
  status: DeliveryStatus
  /** How often it has been redelivered. */
  redeliveries: number
  /** Attempts that count against the schedule. */
  counted_attempts: number
  /** Every attempt, also those that a limit turned away. */
  attempts: number
  due_at: number
  /** Names the claim it is under; a result is only written under the same lease. */
  lease: string | null
  lease_until: number | null
  created_at: number
  ended_at: number | null
  /** Ms from acceptance or redelivery, or null. */
  expires_after: number | null
  expires_at: number | null
  /** Of the last attempt that did not succeed. */
  error: JsonText<DeliveryError> | null
  replay_of: string | null
}

interface AttemptsTable {
  delivery_id: string
  number: number
  at: number
  duration_ms: number
  status: number | null
  class: string
  error: string | null
  request: JsonText<Partial<AttemptResult['request']>>
  response: string | null
}

/** The deliveries that one limit counts together: its policy, its pace, its pause. */
export interface LanesTable {
  lane: string
  concurrency: number
  interval_ms: number
  /** The pace: no request before this time. */
  next_at: number
  /** Nothing is claimed before this time. */
  paused_until: number
  pause: PauseReason | null
  pause_message: string | null
  /** How often in a row a pause was renewed. */
  pauses: number
  /** Ambiguous answers in a row, and the subjects they belong to (at most 2). */
  streak: number
  streak_subjects: JsonText<readonly string[]>
  /** The target served last: the next one in order is served next. */
  cursor: string
  /** When the lane is next looked at: nothing can be claimed before. */
  wake_at: number
  /** The name under which its work goes on since its identity is known, else null. */
  moved_to: string | null
}

interface FactsTable {
  key: string
  value: string
}

/** Secrets that are stored under a name; what is in `sealed` only the vault can read. */
interface SecretsTable {
  name: string
  hosts: JsonText<string[]>
  key_id: string
  sealed: Uint8Array
  created_at: number
  updated_at: number
  last_used_at: number | null
}

/** Automations that were written through the API, as they were written. */
export interface AutomationsTable {
  name: string
  spec: JsonText<unknown>
  /** Of the whole table, when this row was last written: grows with each change. */
  version: number
  created_at: number
  updated_at: number
  updated_by: string
}

/** The actions of people, and those done in their name. */
export interface AuditTable {
  seq: Generated<number>
  at: number
  actor: string
  address: string | null
  action: string
  /** The object of the action: an id, or the name of an automation, a secret or a lane. */
  target: string | null
  /** The automation that it concerns, where it is one. */
  automation: string | null
  /** The details, without secrets: outcome, before and after. */
  details: JsonText<unknown>
}

/** Events whose registry is asked before they are matched; see `tables/lookups.ts`. */
export interface LookupsTable {
  event_id: string
  /** The event's own. */
  seq: number
  source: string
  /** Equal for the events that are matched in the order of acceptance: those of the source about one model. */
  home: string
  /** 1: nothing is matched without an answer. */
  required: number
  /** 1: also deliveries that a newer event makes stale. */
  force: number
  /** How often the registry was asked in vain. */
  tries: number
  /** Why, the last time. */
  error: string | null
  accepted_at: number
  /** When it may be asked (again), or taken from a process that was lost; null: behind an older one of its home. */
  due_at: number | null
  give_up_at: number
  /** Names the claim it is under; a result is only written under the same lease. */
  lease: string | null
}
