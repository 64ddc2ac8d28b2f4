import type { ModelEvent } from '../../src/contract/model-event.ts'

/** The parts of an event that a filter can name; each value is a glob or a list of globs. */
export const FILTER_FIELDS = [
  'entity',
  'project',
  'registry',
  'model',
  'author',
  'alias',
  'tag',
  'from_stage',
  'to_stage',
] as const
/** The name of a part of an event that a filter can name: one of {@link FILTER_FIELDS}. */
export type FilterField = (typeof FILTER_FIELDS)[number]

/** In `sources`: every configured source, also those to come; never the receiver itself. */
export const EVERY_SOURCE = '*'

/** The conditions that an event must all meet to be wanted. */
export type Filter = Partial<Record<FilterField, string | string[]>> & {
  /** W&B's own form: an RE2 expression, unanchored. */
  alias_regex?: string
  tag_regex?: string
}

/** A destination of an automation as configured: its type and that type's own keys. */
export type DestinationSpec = { type: string } & Record<string, unknown>

/** A rule as written: what the configuration file or the API says, defaults filled in. Plain JSON. */
export interface AutomationSpec {
  name: string
  description: string | null
  status: 'active' | 'test_mode' | 'disabled'
  /** Names of sources, or {@link EVERY_SOURCE}; never empty. */
  sources: string[]
  /** Registry names, kinds, or `*`. */
  events: string[]
  filter: Filter
  /** CEL over `event`, or null. */
  if: string | null
  order: 'strict' | 'none'
  supersede: 'never' | 'retrying' | 'waiting'
  /** Milliseconds, or null for never. */
  expires_after_ms: number | null
  destinations: DestinationSpec[]
}

/** An automation ready to be asked: its patterns compiled, its revision fixed. */
export interface Automation {
  spec: AutomationSpec
  /** `rev_` + hex of the spec's hash: the same text always has the same revision. */
  revision: string
  match(event: ModelEvent): MatchResult
  /** Asks every condition, also those after the first that does not hold: for people who look for why. */
  conditions(event: ModelEvent): Condition[]
}

/** A condition of an automation, asked of an event. */
export interface Condition {
  holds: boolean
  reason: string
}

/** Whether an automation wants an event, and every reason for or against. */
export interface MatchResult {
  automation: string
  matched: boolean
  /** In the order in which the checks ran, one sentence each; the first check that failed is last. */
  reasons: string[]
  /** How many checks held before the first failed: tells which automation was nearest. */
  passed: number
}
