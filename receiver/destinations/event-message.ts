import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { DeliveryInput } from './destination.ts'

/** The most that Databricks takes for one kind of parameters, in bytes of their JSON. */
const PARAMETER_BYTES = 10_000

/** Room for the parameter's own name and braces: `{"event_message":""}`. */
const ENVELOPE_BYTES = 32

/** The longest text of a field where not even the fields fit, in characters: each can take seven bytes. */
const SHORT_TEXT = 120

/**
 * Returns an event as the text of one parameter of a Databricks job: JSON in ASCII with the fields of Databricks' own
 * registry webhooks, the delivery's id, and the whole event as `model_event` while it fits; `truncated` names what
 * had to go.
 * https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks
 */
export function eventMessage({ event, flat, delivery_id }: DeliveryInput): string {
  const fields = documentedFields(event, flat, delivery_id)
  const smaller: JsonObject = { ...(event as unknown as JsonObject), metadata: {}, extra: {} }
  const candidates: JsonObject[] = [
    { ...fields, model_event: event as unknown as JsonObject },
    { ...fields, model_event: smaller, truncated: ['model_event.metadata', 'model_event.extra'] },
    { ...fields, truncated: ['model_event'] },
  ]
  const texts = candidates.map(ascii)
  return texts.find(fits) ?? ascii({ ...shortened(fields), truncated: ['model_event', 'texts'] })
}

/** Returns these fields alone as such a text, their longest texts cut where they do not fit. */
export function fieldsMessage(fields: JsonObject): string {
  const text = ascii(fields)
  return fits(text) ? text : ascii({ ...shortened(fields), truncated: ['texts'] })
}

function documentedFields(
  event: ModelEvent,
  flat: Readonly<Record<string, string>>,
  delivery_id: string,
): JsonObject {
  const { model, change, type, title } = event
  const fields: Record<string, string | number | null> = {
    event: type,
    event_timestamp: Date.parse(event.occurred_at ?? event.received_at),
    webhook_id: flat['webhook_id'] ?? null,
    model_name: model?.name ?? null,
    version: model?.version ?? null,
    from_stage: change.from_stage,
    to_stage: change.to_stage,
    alias: change.alias,
    tag: change.tag,
    comment: change.comment,
    text: flat['text'] || title,
    delivery_id,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ''))
}

function shortened(fields: JsonObject): JsonObject {
  const cut = (value: JsonObject[string]) =>
    typeof value === 'string' && value.length > SHORT_TEXT ? `${value.slice(0, SHORT_TEXT)}...` : value
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, cut(value)]))
}

/** JSON without a character outside ASCII. */
function ascii(value: JsonObject): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Measured on what is sent: as a text in JSON, each quotation mark and backslash takes two bytes. */
function fits(text: string): boolean {
  return JSON.stringify(text).length + ENVELOPE_BYTES <= PARAMETER_BYTES
}
