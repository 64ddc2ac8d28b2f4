import { cleanObject, isObject, textOf } from '../clean-json.ts'
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
import { UNKNOWN_EVENT, findDatabricksEvent, stageOfEvent } from './events.ts'

/** The meaning of the body of a Databricks registry webhook. */
export interface DatabricksBody {
  event: DecodedEvent
  /** The advice for Databricks where the body names no event, else null. */
  hint: string | null
  /** The fields that Databricks documents, as text ("" when absent); `event_type` is the event's name. */
  flat: Record<string, string>
}

/** The fields that Databricks documents, in the order of the default `client_payload`. */
const FLAT_FIELDS = [
  'model_name',
  'version',
  'from_stage',
  'to_stage',
  'tags',
  'comment',
  'text',
  'webhook_id',
] as const

/** How the `text` of a delivery by the API's `test` call begins. */
const TEST_TEXT = 'A test webhook trigger'

/** The last millisecond of the year 9999: later times have no RFC 3339 form. */
const LAST_TIME = 253_402_300_799_999

const HINT =
  'The body has no "event": every Databricks registry webhook sends one. ' +
  'Create the webhook in Databricks with this URL as http_url_spec.url, and try it with registry-webhooks/test'

/**
 * Understands the body of a webhook of Databricks' workspace model registry. Never throws.
 * `stated` is the event that the webhook's URL states (`?event=`), which wins over the body; null if it states none.
 * https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks
 */
export function decodeDatabricksBody(value: JsonObject, stated: string | null): DatabricksBody {
  const body = new Map(Object.entries(value))
  const named = textOf(body.get('event'))
  const { type, kind } = findDatabricksEvent(named, stated)
  const taken = new Set<string>()
  const event = {
    type,
    kind,
    author: null,
    occurred_at: decodeTime(body, taken),
    test: textOf(body.get('text'))?.startsWith(TEST_TEXT) ?? false,
    own: false,
    model: decodeModel(body, taken),
    change: decodeChange(body, type, kind, taken),
    run: null,
    metadata: {},
  }
  if (named === type) taken.add('event')
  const extra = cleanObject([...body].filter(([key]) => !taken.has(key)))
  return {
    event: { ...event, title: eventTitle(event), extra },
    hint: type === UNKNOWN_EVENT ? HINT : null,
    flat: flatFields(body, type),
  }
}

function decodeTime(body: Map<string, Json>, taken: Set<string>): string | null {
  const time = Number(textOf(body.get('event_timestamp')) ?? NaN)
  if (!(time >= 0 && time <= LAST_TIME)) return null
  taken.add('event_timestamp')
  return new Date(time).toISOString()
}

/** The model with MLflow's URI of the version (https://mlflow.org/docs/latest/concepts.html#model-uri), if any. */
function decodeModel(body: Map<string, Json>, taken: Set<string>): ModelRef | null {
  const name = take(body, 'model_name', taken)
  const given = textOf(body.get('version'))
  const version = given !== null && /^\d+$/.test(given) ? given : null
  if (version !== null) taken.add('version')
  if (name === null && version === null) return null
  const uri = name === null || version === null || /[/:]/.test(name) ? null : `models:/${name}/${version}`
  return { ...NO_MODEL, name, version, reference: uri, pinned: uri }
}

function decodeChange(
  body: Map<string, Json>,
  type: string,
  kind: EventKind,
  taken: Set<string>,
): ModelChange {
  const change = { ...NO_CHANGE, tags: [] }
  switch (kind) {
    case 'stage.changed':
    case 'stage.requested':
      return {
        ...change,
        from_stage: take(body, 'from_stage', taken),
        to_stage: take(body, 'to_stage', taken) ?? stageOfEvent(type),
      }
    case 'tag.added': {
      const tags = tagTexts(body.get('tags'))
      if (tags.length > 0) taken.add('tags')
      return { ...change, tag: tags[0] ?? null, tags }
    }
    case 'comment.created':
      return { ...change, comment: take(body, 'comment', taken) }
    default:
      return change
  }
}

/** `key=value` for each pair of `[{"key": …, "value": …}]`; `key` where the value is empty. */
function tagTexts(tags: Json | undefined): string[] {
  if (!Array.isArray(tags)) return []
  return tags.filter(isObject).flatMap((tag) => {
    const pair = new Map(Object.entries(tag))
    const key = textOf(pair.get('key'))
    const value = textOf(pair.get('value'))
    if (key === null) return []
    return [value === null ? key : `${key}=${value}`]
  })
}

function take(body: Map<string, Json>, field: string, taken: Set<string>): string | null {
  const text = textOf(body.get(field))
  if (text !== null) taken.add(field)
  return text
}

function flatFields(body: Map<string, Json>, type: string): Record<string, string> {
  const fields = FLAT_FIELDS.map((field) => [field, flatText(body.get(field))] as const)
  return Object.fromEntries([['event_type', type], ...fields])
}

/** Text as it is, lists and objects (`tags`) as JSON, anything else "". */
function flatText(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return textOf(value) ?? ''
  return JSON.stringify(cleanObject([['value', value]])['value'] ?? null)
}
