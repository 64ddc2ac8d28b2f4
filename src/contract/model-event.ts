/**
 * A registry change in the form that every part of Model Dispatch speaks: the receiver's sources make it,
 * automations match on it, a `repository_dispatch` carries it, the Action reads it.
 *
 * The wire form is snake_case JSON and additive within `model-dispatch/1`: readers ignore what they don't know.
 * Absent means `null` (or `{}`, `[]`), never `undefined`, `""` or an unrendered `${…}`.
 */

/** The name of this version of the wire form; the value of {@link ModelEvent.schema}. */
export const SCHEMA = 'model-dispatch/1'

/** The name and type of the receiver's own source, whose events tell what goes wrong in it. */
export const OWN_SOURCE = 'model-dispatch'

/** The neutral names of what can happen, whichever registry it happened in. */
export const EVENT_KINDS = [
  'model.created',
  'version.created',
  'version.linked',
  'version.unlinked',
  'alias.added',
  'alias.removed',
  'tag.added',
  'tag.removed',
  'stage.changed',
  'stage.requested',
  'comment.created',
  'run.changed',
  'other',
] as const

/** The kind of change of an event. MLflow's prompt events keep their own names: `prompt_alias.created`, … */
export type EventKind = (typeof EVENT_KINDS)[number] | `prompt${string}`

/** Where an event came from. */
export interface EventSource {
  /** The configured name of the source, e.g. `wandb`: the last part of its webhook URL. */
  name: string
  /** The registry it speaks for: `wandb`, `databricks`, … */
  type: string
}

/** The model (or artifact) an event is about. Every field is as the registry gave it, or null. */
export interface ModelRef {
  /** The artifact type where the registry has one (W&B: `model`, `dataset`), else null. */
  type: string | null
  entity: string | null
  project: string | null
  /** The registry's short name: `wandb-registry-vision` is `vision`, W&B's legacy `model-registry` is `model`. */
  registry: string | null
  name: string | null
  /** An immutable version (`v3`, `8`), never an alias. */
  version: string | null
  /** The reference as the registry gave it; it may be mutable (`…:production`). */
  reference: string | null
  /** The same reference by immutable version, null while the version is unknown. */
  pinned: string | null
  /** The registry's own id of the version, e.g. W&B's base64 global id. */
  id: string | null
  url: string | null
}

/** The change. Only the fields that belong to the event's kind are set. */
export interface ModelChange {
  alias: string | null
  /** The tag's text (W&B) or `key=value` of the first tag (registries with tag pairs). */
  tag: string | null
  /** Every tag that the event names, as `key=value` or plain text. */
  tags: string[]
  from_stage: string | null
  to_stage: string | null
  comment: string | null
  /** The version that held this alias or stage before, by the receiver's own log. */
  previous_version: string | null
}

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** A registry change in neutral words: the contract between receiver, Action and users' workflows. */
export interface ModelEvent {
  schema: typeof SCHEMA
  /** `evt_…`, unique to one accepted event. Empty only before the receiver accepted it. */
  id: string
  source: EventSource
  /** The registry's own name of the event, e.g. `ADD_ARTIFACT_ALIAS`; `UNKNOWN` where none was found. */
  type: string
  kind: EventKind
  /** A line for a person, at most 120 characters: `resnet50 v3 -> production by jane`. */
  title: string
  author: string | null
  /** When the registry says it happened: RFC 3339 with milliseconds, UTC; null where it doesn't say. */
  occurred_at: string | null
  /** When the receiver accepted it: RFC 3339 with milliseconds, UTC. */
  received_at: string
  /** The registry's own test delivery. */
  test: boolean
  /** Caused by Model Dispatch itself (a write-back). */
  own: boolean
  /** Made by a person with our test or sample tools, not by a registry. */
  synthetic: boolean
  /** The id of an earlier event with the same body, where the sender gives no delivery id. */
  repeat_of: string | null
  /** The id of the event that this one replays. */
  replay_of: string | null
  model: ModelRef | null
  change: ModelChange
  run: JsonObject | null
  /** The model version's metadata, as far as the registry sent it. */
  metadata: JsonObject
  /** Keys of the body that no other field took, and a word's other text where the body holds it twice. */
  extra: JsonObject
}

/** An event as a registry's body says it, without what the receiver adds when it accepts it. */
export type DecodedEvent = Omit<
  ModelEvent,
  'schema' | 'id' | 'received_at' | 'source' | 'synthetic' | 'repeat_of' | 'replay_of'
>

/** Longest {@link ModelEvent.title}, in characters (UTF-16 code units). */
export const TITLE_LIMIT = 120

/** A change that says nothing; copy it and set what is known. */
export const NO_CHANGE: Readonly<ModelChange> = Object.freeze({
  alias: null,
  tag: null,
  tags: [],
  from_stage: null,
  to_stage: null,
  comment: null,
  previous_version: null,
})

/** A model of which nothing is known; copy it and set what is known. */
export const NO_MODEL: Readonly<ModelRef> = Object.freeze({
  type: null,
  entity: null,
  project: null,
  registry: null,
  name: null,
  version: null,
  reference: null,
  pinned: null,
  id: null,
  url: null,
})

/** The deepest nesting that a value may have to be taken over; what lies deeper came from no registry. */
const DEPTH_LIMIT = 100

/**
 * Reads a {@link ModelEvent} off the wire. Keys it doesn't know are ignored, those that are missing or of another
 * type are filled in as absent, so that events of older and newer versions can be read.
 * Null when the value is no object or its `schema` is another one. Never throws.
 */
export function decodeModelEvent(value: unknown): ModelEvent | null {
  const fields = objectOf(value)
  if (fields === null || fields['schema'] !== SCHEMA) return null
  const source = objectOf(fields['source']) ?? {}
  return {
    schema: SCHEMA,
    id: textOf(fields['id']) ?? '',
    source: { name: textOf(source['name']) ?? '', type: textOf(source['type']) ?? '' },
    type: textOf(fields['type']) ?? 'UNKNOWN',
    kind: kindOf(fields['kind']),
    title: (textOf(fields['title']) ?? '').slice(0, TITLE_LIMIT),
    author: textOf(fields['author']),
    occurred_at: textOf(fields['occurred_at']),
    received_at: textOf(fields['received_at']) ?? '',
    test: fields['test'] === true,
    own: fields['own'] === true,
    synthetic: fields['synthetic'] === true,
    repeat_of: textOf(fields['repeat_of']),
    replay_of: textOf(fields['replay_of']),
    model: decodeModelRef(fields['model']),
    change: decodeChange(fields['change']),
    run: decodeJsonObject(fields['run']),
    metadata: decodeJsonObject(fields['metadata']) ?? {},
    extra: decodeJsonObject(fields['extra']) ?? {},
  }
}

/** Returns the value's own entries where it is a JSON object, without reach to any prototype; else null. */
function objectOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return Object.assign(Object.create(null) as Record<string, unknown>, value)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function kindOf(value: unknown): EventKind {
  if (typeof value !== 'string') return 'other'
  if (value.startsWith('prompt')) return value as `prompt${string}`
  return EVENT_KINDS.find((kind) => kind === value) ?? 'other'
}

function decodeModelRef(value: unknown): ModelRef | null {
  const fields = objectOf(value)
  if (fields === null) return null
  return {
    type: textOf(fields['type']),
    entity: textOf(fields['entity']),
    project: textOf(fields['project']),
    registry: textOf(fields['registry']),
    name: textOf(fields['name']),
    version: textOf(fields['version']),
    reference: textOf(fields['reference']),
    pinned: textOf(fields['pinned']),
    id: textOf(fields['id']),
    url: textOf(fields['url']),
  }
}

function decodeChange(value: unknown): ModelChange {
  const fields = objectOf(value) ?? {}
  const tags = Array.isArray(fields['tags']) ? fields['tags'] : []
  return {
    alias: textOf(fields['alias']),
    tag: textOf(fields['tag']),
    tags: tags.filter((tag) => typeof tag === 'string'),
    from_stage: textOf(fields['from_stage']),
    to_stage: textOf(fields['to_stage']),
    comment: textOf(fields['comment']),
    previous_version: textOf(fields['previous_version']),
  }
}

/** Returns a copy of the JSON object that holds nothing but JSON; null for anything else. Never throws. */
export function decodeJsonObject(value: unknown): JsonObject | null {
  const copy = decodeJson(value, DEPTH_LIMIT)
  return typeof copy === 'object' && !Array.isArray(copy) ? copy : null
}

function decodeJson(value: unknown, depth: number): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null || depth <= 0) return null
  if (Array.isArray(value)) return value.map((item) => decodeJson(item, depth - 1))
  // Object.fromEntries makes `__proto__` an ordinary key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeJson(item, depth - 1)]))
}
