import { cleanObject, objectOf, textOf } from '../../../src/contract/clean-json.ts'
import { eventTitle } from '../../../src/contract/event-title.ts'
import {
  NO_CHANGE,
  NO_MODEL,
  type DecodedEvent,
  type EventKind,
  type Json,
  type JsonObject,
  type ModelChange,
  type ModelRef,
} from '../../../src/contract/model-event.ts'
import { UNKNOWN_EVENT, findMlflowEvent, isMlflowTest } from './events.ts'

/** The meaning of the body of an MLflow webhook. */
export interface MlflowBody {
  event: DecodedEvent
  /** The advice for MLflow where the body names no event, else null. */
  hint: string | null
  /** MLflow's own fields as text ("" when absent); `event_type` is the event's name. */
  flat: Record<string, string>
}

const FLAT_FIELDS = ['name', 'version', 'alias', 'key', 'value', 'run_id', 'description'] as const

const HINT =
  'The body has no "entity" and "action": every MLflow webhook sends both. ' +
  'Create the webhook in MLflow with this URL, and try it with its test call'

/**
 * Understands the body of a webhook of MLflow 3.3 or later. Never throws.
 * `stated` is the event that the webhook's URL states (`?event=`), which wins over the body; null if it states none.
 * https://mlflow.org/docs/latest/ml/webhooks/
 */
export function decodeMlflowBody(body: JsonObject, stated: string | null): MlflowBody {
  const { type, kind } = findMlflowEvent(body, stated)
  const data = objectOf(body['data'])
  const fields = new Fields(data)
  const event = {
    type,
    kind,
    author: null,
    occurred_at: timeOf(textOf(body['timestamp'])),
    test: isMlflowTest(data),
    own: false,
    model: decodeModel(fields, type, textOf(body['workspace'])),
    change: decodeChange(fields, type, kind),
    run: decodeRun(fields),
    metadata: {},
  }
  return {
    event: { ...event, title: eventTitle(event), extra: { ...fields.rest(), ...unknownKeys(body) } },
    hint: type === UNKNOWN_EVENT ? HINT : null,
    flat: flatFields(data, type, textOf(body['workspace'])),
  }
}

/** The fields of `data`, with a note of which have found their place. */
class Fields {
  readonly #given: Map<string, Json>
  readonly #taken = new Set<string>()

  constructor(data: JsonObject) {
    this.#given = new Map(Object.entries(data))
  }

  text(name: string): string | null {
    const text = textOf(this.#given.get(name))
    if (text !== null) this.#taken.add(name)
    return text
  }

  /** The rest, for which no place was found. */
  rest(): JsonObject {
    return cleanObject([...this.#given].filter(([key]) => !this.#taken.has(key)))
  }
}

const ENVELOPE = new Set(['entity', 'action', 'timestamp', 'data', 'workspace'])

function unknownKeys(body: JsonObject): JsonObject {
  return cleanObject(Object.entries(body).filter(([key]) => !ENVELOPE.has(key)))
}

/** MLflow writes ISO 8601 with microseconds; a time of day without a zone would be anybody's guess. */
function timeOf(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(text)) return null
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

/** The model or prompt with MLflow's URI: by alias as given, by version where it is known. */
function decodeModel(fields: Fields, type: string, workspace: string | null): ModelRef | null {
  const name = fields.text('name')
  if (name === null) return null
  const prompt = type.startsWith('prompt')
  const given = fields.text('version')
  const version = given !== null && /^\d+$/.test(given) ? given : null
  const alias = type.includes('_alias.') ? fields.text('alias') : null
  const base = /[/:@]/.test(name) ? null : `${prompt ? 'prompts' : 'models'}:/${name}`
  const pinned = base === null || version === null ? null : `${base}/${version}`
  const reference = base === null || alias === null ? pinned : `${base}@${alias}`
  return {
    ...NO_MODEL,
    type: prompt ? 'prompt' : null,
    entity: workspace,
    name,
    version,
    reference,
    pinned,
  }
}

function decodeChange(fields: Fields, type: string, kind: EventKind): ModelChange {
  const change = { ...NO_CHANGE, tags: [] }
  if (type.includes('_alias.')) return { ...change, alias: fields.text('alias') }
  if (!/_tag\.(?:set|deleted)$/.test(type)) return change
  const key = fields.text('key')
  const value = fields.text('value')
  const tag = key === null || value === null || kind === 'tag.removed' ? key : `${key}=${value}`
  return { ...change, tag, tags: tag === null ? [] : [tag] }
}

function decodeRun(fields: Fields): JsonObject | null {
  const id = fields.text('run_id')
  return id === null ? null : { id }
}

function flatFields(data: JsonObject, type: string, workspace: string | null): Record<string, string> {
  const given = new Map(Object.entries(data))
  const fields = FLAT_FIELDS.map((field) => [field, textOf(given.get(field)) ?? ''] as const)
  return Object.fromEntries([['event_type', type], ...fields, ['workspace', workspace ?? '']])
}
