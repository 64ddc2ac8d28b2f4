/** Answers of the API, as far as the page shows them: `/api/openapi.json` has them whole. */

/** Who is signed in. */
export interface Session {
  /** The token's name. */
  name: string
  role: 'read' | 'write'
  version: string
  /** The receiver's own address where it is configured. */
  public_url: string | null
}

/** A page of a list. */
export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

/** A fault, and how to mend it. */
export interface ProblemText {
  message: string
  fix: string
}

/** The mistake in one setting of an automation. */
export interface Mistake extends ProblemText {
  /** Where it is, like `destinations[0].repository`. */
  key: string
}

/** An HTTP try of a delivery; in lists without request and response. */
export interface Attempt {
  at: string
  duration_ms: number
  status: number | null
  class: string
  error: string | null
  request: Record<string, unknown> | null
  response: string | null
}

/** An event on its way to a destination. */
export interface Delivery {
  id: string
  event_id: string
  automation: string
  destination: { type: string; target: string }
  status: string
  created_at: string
  next_attempt_at: string | null
  waiting_for: { reason: string; until: string | null } | null
  attempts: Attempt[]
  error: (ProblemText & { class: string }) | null
  replay_of: string | null
  subject_key: string
  runs: { run_id: number; url: string; workflow: string | null; status: string; conclusion: string | null }[]
}

/** A change in the registry, as the receiver understood it. */
export interface ModelEvent {
  type: string
  kind: string
  title: string
  author: string | null
  test: boolean
  repeat_of: string | null
  replay_of: string | null
  model: {
    name: string | null
    entity: string | null
    project: string | null
    version: string | null
    pinned: string | null
    url: string | null
  } | null
  change: {
    alias: string | null
    tag: string | null
    to_stage: string | null
    previous_version: string | null
  }
  [more: string]: unknown
}

/** An event as lists show it. */
export interface EventSummary {
  id: string
  source: string
  type: string
  kind: string
  received_at: string
  status: string
  event: ModelEvent
  deliveries: Delivery[]
}

/** An event with its body and the reasons of every automation. */
export interface EventDetail extends EventSummary {
  raw: string
  hint: string | null
  matches: { automation: string; matched: boolean; reasons: string[] }[]
}

/** A rule, with where it stands. */
export interface Automation {
  name: string
  origin: 'file' | 'api'
  file: string | null
  line: number | null
  description: string | null
  status: 'active' | 'test_mode' | 'disabled'
  sources: string[]
  events: string[]
  destinations: { type: string; [setting: string]: unknown }[]
  problem: ProblemText | null
  etag: string
  updated_at: string | null
  updated_by: string | null
  [setting: string]: unknown
}

/** A registry that may send here. */
export interface Source {
  name: string
  type: string
  /** Where it sends to; a path alone where the receiver does not know its own address. */
  url: string
  last_event: { id: string; received_at: string } | null
  /** Which secrets are still in use, in the order of the configuration. */
  secrets: { position: number; last_event_at: string | null }[]
  refusals: { at: string; status: number; reason: string }[]
  /** The steps on the registry's side, in Markdown. */
  guide: string | null
}

/** A lane: the deliveries that a limit counts together. */
export interface Lane {
  lane: string
  pause: { reason: string; message: string | null; until: string } | null
  waiting: number
  oldest_at: string | null
}

/** A secret that is stored under a name. */
export interface StoredSecret {
  name: string
  hosts: string[]
  created_at: string
  updated_at: string
  last_used_at: string | null
}

/** An entry of the audit log. */
export interface AuditEntry {
  id: string
  at: string
  /** The token's name; empty where none was valid. */
  actor: string
  address: string | null
  action: string
  target: string | null
  details: Record<string, unknown>
}

/** Events and deliveries of the last day, and the cases that need a person. */
export interface Overview {
  hours: { at: string; events: number; succeeded: number; failed: number }[]
  waiting: number
  oldest_waiting_at: string | null
  dead_letters: number
  configuration: ProblemText | null
}

/** A model and its alias, as the latest event about it says. */
export interface Subject {
  source: string
  model: string
  alias: string | null
  version: string | null
  author: string | null
  last_event: { id: string; received_at: string }
  deliveries: { id: string; target: string; status: string }[]
}

/** A step in the story of a model: an event and its deliveries. */
export interface Step {
  event_id: string
  at: string
  type: string
  title: string
  author: string | null
  version: string | null
  previous_version: string | null
  replay_of: string | null
  matched: { automation: string; reasons: string[] }[]
  deliveries: {
    id: string
    automation: string
    destination: { type: string; target: string }
    status: string
    dispatched_at: string | null
    waiting_for: { reason: string; until: string | null } | null
    superseded_by: string | null
    error: ProblemText | null
  }[]
}
