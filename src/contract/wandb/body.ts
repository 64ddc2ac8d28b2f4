import { trimInvisible } from '../clean-json.ts'
import { eventTitle } from '../event-title.ts'
import {
  NO_CHANGE,
  NO_MODEL,
  type DecodedEvent,
  type EventKind,
  type Json,
  type JsonObject,
  type ModelChange,
  type ModelRef,
} from '../model-event.ts'
import {
  UNKNOWN_EVENT,
  clientPayload,
  dispatchType,
  findWandbEvent,
  wandbEventKind,
  wandbEventType,
} from './events.ts'
import { WandbFields } from './fields.ts'
import {
  artifactTypeOfProject,
  formatArtifactPath,
  immutableVersion,
  parseArtifactPath,
  parseArtifactUri,
  registryOfProject,
  versionOfIndex,
} from './reference.ts'

/** The meaning of a W&B webhook body. */
export interface WandbBody {
  event: DecodedEvent
  /** Whether an event was found; if not, the event's type is `UNKNOWN`. */
  recognised: boolean
  /** The lines to add to the payload template in W&B where no event was found, else null. */
  hint: string | null
  /** The body's own GitHub event type where the body is made for GitHub, else null. */
  dispatch_type: string | null
  /** The body's own `client_payload`, unchanged, where the body is made for GitHub, else null. */
  client_payload: JsonObject | null
  /**
   * W&B's own words {@link FLAT_WORDS} ("" when absent) and the body's other top-level texts, as they came but for
   * invalid Unicode and U+0000. `event_type` is always W&B's.
   */
  flat: Record<string, string>
}

/** The words that the default `client_payload` of a W&B event is made of, in W&B's spelling. */
export const FLAT_WORDS = [
  'event_type',
  'event_author',
  'artifact_version',
  'artifact_version_string',
  'artifact_collection_name',
  'project_name',
  'entity_name',
  'alias',
  'tag',
] as const

const NOT_OTHERS = new Set<string>([...FLAT_WORDS, '__proto__'])

const ADD_THESE =
  'Add these lines to the payload of the automation in W&B (inside "client_payload" where it has one): '
const HINT = `No event of W&B was found in the body. ${ADD_THESE}"wandb_event_type": "\${event_type}", "alias": "\${alias}"`

const UNFILLED = 'This is your template, unfilled: URL, secret and token are right.'

/**
 * Returns whether a body is a template as W&B's test panel sends it: it has W&B's variables, and none of them is filled
 * in.
 */
function isUnfilled(body: JsonObject, fields: WandbFields): boolean {
  const filled = FLAT_WORDS.some((word) => word !== 'event_type' && fields.text(word) !== null)
  return !filled && hasVariable(body, 4)
}

function hasVariable(value: Json, depth: number): boolean {
  if (typeof value === 'string') return /^\$\{[a-z_.]+\}$/.test(value)
  if (typeof value !== 'object' || value === null || depth === 0) return false
  return Object.values(value).some((each) => hasVariable(each, depth - 1))
}

/** Keys of `ModelEvent.run` for run events, with the words they come from. */
const RUN_WORDS = {
  name: 'run_name',
  status: 'run_status',
  metric_name: 'metric_name',
  metric_values: 'metric_values',
  metric_filter: 'metric_filter',
  metric_filter_short: 'metric_filter_short',
  metric_current_status: 'metric_current_status',
}

/** Keys of `ModelEvent.run` for Weave's alerts, with the words they come from. */
const WEAVE_WORDS = {
  alert_name: 'alert_name',
  metric_name: 'metric_name',
  metric_value: 'metric_value',
  threshold: 'threshold',
  comparison_op: 'comparison_op',
  message: 'message',
}

/**
 * Understands the body of a W&B webhook, whatever template it was rendered from. Never throws.
 * `event` is the type that the webhook's URL states (`?event=`), which wins over the body; null if it states none.
 */
export function decodeWandbBody(body: JsonObject, event: string | null): WandbBody {
  const fields = new WandbFields(body)
  const dispatch_type = dispatchType(body)
  const type = findWandbEvent(body, fields, event)
  dropEventNames(fields, type, dispatch_type)
  const recognised = type !== UNKNOWN_EVENT
  const unfilled = !recognised && isUnfilled(body, fields)
  const decoded = decodeEvent(fields, type, unfilled)
  const flat = flatWords(fields, type)
  const client_payload = dispatch_type === null ? null : clientPayload(body)
  const advice = [recognised ? missingWords(decoded) : unfilled ? UNFILLED : HINT, trimmedWords(body, fields)]
  const hint = advice.filter((text) => text !== null).join(' ') || null
  return { event: decoded, recognised, hint, dispatch_type, client_payload, flat }
}

/** Says which words the template lacks for what automations ask of such an event; null where it lacks none. */
function missingWords({ type, kind, model, change }: DecodedEvent): string | null {
  const aboutModel = kind === 'alias.added' || kind.startsWith('tag.') || kind.startsWith('version.')
  const words = [
    ...(kind === 'alias.added' && change.alias === null ? ['alias'] : []),
    ...(kind.startsWith('tag.') && change.tag === null ? ['tag'] : []),
    ...(aboutModel && model?.name == null && model?.id == null ? ['artifact_version_string'] : []),
  ]
  if (words.length === 0) return null
  const lines = words.map((word) => `"${word}": "\${${word}}"`).join(', ')
  return `The body of ${type} lacks what automations filter by. ${ADD_THESE}${lines}`
}

/** Says of which words something invisible was cut; null for none. */
function trimmedWords(body: JsonObject, fields: WandbFields): string | null {
  const { event_type } = body
  const name = typeof event_type === 'string' && trimInvisible(event_type) !== event_type
  const words = new Set([...(name ? ['event_type'] : []), ...fields.trimmed()])
  if (words.size === 0) return null
  return (
    `Blanks, line breaks or invisible characters were cut from the ends of ${[...words].join(', ')}: ` +
    'take them out of the payload of the automation in W&B.'
  )
}

function decodeEvent(fields: WandbFields, type: string, test: boolean): DecodedEvent {
  const kind = wandbEventKind(type)
  const author = fields.take('event_author')
  const model = decodeModel(fields)
  const event = {
    type,
    kind,
    author,
    occurred_at: null,
    test,
    own: false,
    model,
    change: decodeChange(fields, kind, model),
    run: decodeRun(fields, type, kind),
    metadata: fields.metadata(),
    extra: fields.leftovers(),
  }
  return { ...event, title: eventTitle(event) }
}

/** Leaves out an `event_type` that tells nothing more than the event itself does. */
function dropEventNames(fields: WandbFields, type: string, dispatch: string | null): void {
  const told = (text: string) => text === dispatch || (wandbEventType(text) ?? text) === type
  for (const word of ['event_type', 'wandb_event_type']) {
    if (fields.texts(word).every(told)) fields.drop(word)
  }
}

/** Returns the model that the words name, null if they name none. Run events have an entity and a project only. */
function decodeModel(fields: WandbFields): ModelRef | null {
  const reference = fields.take('artifact_version_string')
  const path = reference === null ? null : parseArtifactPath(reference)
  const project = fields.take('project_name') ?? path?.project ?? null
  const index = versionOfIndex(fields.text('artifact_version_index'))
  if (index !== null) fields.take('artifact_version_index')
  const model = {
    ...NO_MODEL,
    type: artifactTypeOfProject(project),
    entity: fields.take('entity_name') ?? path?.entity ?? null,
    project,
    registry: registryOfProject(project),
    name: fields.take('artifact_collection_name') ?? path?.name ?? null,
    version: index ?? immutableVersion(path?.ref ?? null),
    reference,
    id: takeId(fields),
  }
  const known = Object.values(model).some((value) => value !== null)
  return known ? { ...model, pinned: pinnedReference(model) } : null
}

function takeId(fields: WandbFields): string | null {
  const id = parseArtifactUri(fields.text('artifact_version') ?? '')?.id ?? null
  if (id !== null) fields.take('artifact_version')
  return id
}

/**
 * Returns the model's reference by version: the registry's own path where it gave one, completed from the other words.
 */
function pinnedReference({ reference, entity, project, name, version }: ModelRef): string | null {
  if (version === null) return null
  const path = parseArtifactPath(reference ?? '') ?? { entity, project, name }
  if (path.name === null) return null
  const whole = {
    entity: path.entity ?? entity,
    project: path.project ?? project,
    name: path.name,
    ref: version,
  }
  const pinned = formatArtifactPath(whole)
  const parsed = parseArtifactPath(pinned)
  return parsed?.name === whole.name && parsed.ref === version ? pinned : null
}

function decodeChange(fields: WandbFields, kind: EventKind, model: ModelRef | null): ModelChange {
  if (kind === 'alias.added') {
    const alias = fields.take('alias') ?? aliasInPath(model?.reference ?? null)
    return { ...NO_CHANGE, tags: [], alias }
  }
  if (kind !== 'tag.added' && kind !== 'tag.removed') return { ...NO_CHANGE, tags: [] }
  const tag = fields.take('tag')
  return { ...NO_CHANGE, tag, tags: tag === null ? [] : [tag] }
}

/**
 * Returns the alias at the end of W&B's path, for a template that has no word for it: W&B renders the added one there.
 */
function aliasInPath(reference: string | null): string | null {
  const ref = reference === null ? null : (parseArtifactPath(reference)?.ref ?? null)
  return immutableVersion(ref) === null ? ref : null
}

function decodeRun(fields: WandbFields, type: string, kind: EventKind): JsonObject | null {
  const words = kind === 'run.changed' ? RUN_WORDS : type === 'WEAVE_METRIC_THRESHOLD' ? WEAVE_WORDS : null
  if (words === null) return null
  return Object.fromEntries(Object.entries(words).map(([key, word]) => [key, fields.take(word)]))
}

function flatWords(fields: WandbFields, type: string): Record<string, string> {
  const flat = Object.fromEntries(fields.topTexts(NOT_OTHERS))
  for (const word of FLAT_WORDS) flat[word] = fields.text(word) ?? ''
  flat['event_type'] = type
  return flat
}
