import { decodeClientPayload, type ReceivedEnvelope } from './contract/read-client-payload.ts'
import { decodeDatabricksBody } from './contract/databricks/body.ts'
import { isDatabricksEvent } from './contract/databricks/events.ts'
import { dedupeKey, subjectKey } from './contract/keys.ts'
import {
  SCHEMA,
  decodeJsonObject,
  decodeModelEvent,
  type DecodedEvent,
  type JsonObject,
  type ModelEvent,
} from './contract/model-event.ts'
import { decodeWandbBody } from './contract/wandb/body.ts'
import { wandbEventType } from './contract/wandb/events.ts'
import type { GitHubEvent } from './github-event.ts'
import { safeText } from './safe-values.ts'

/** The input of a step: a registry event, an event of a schema it cannot read, or none at all. `why` is safe text. */
export type Received =
  | { found: 'event'; event: ModelEvent; envelope: ReceivedEnvelope; hint: string | null }
  | { found: 'schema'; why: string }
  | { found: 'nothing'; why: string }

/**
 * Finds the registry event: in the text of the input `payload` where it is set, else in the `client_payload` of the
 * workflow's event (repository_dispatch), else in its input `payload` (workflow_dispatch). Never throws.
 */
export function receive(payload: string, github: GitHubEvent): Received {
  if (payload !== '') return receiveText(payload, 'The input payload')
  if ('problem' in github) return nothing(github.problem)
  const event = decodeJsonObject(github.payload) ?? {}
  const sent = decodeJsonObject(event['client_payload'])
  if (sent !== null) return understand(sent, event['action'])
  const pasted = decodeJsonObject(event['inputs'])?.['payload']
  if (typeof pasted === 'string' && pasted !== '') return receiveText(pasted, 'The workflow input payload')
  return nothing(
    'The event of this run has neither a client_payload nor a workflow input payload. ' +
      'Start the workflow by repository_dispatch or give this step the input payload.',
  )
}

function receiveText(text: string, where: string): Received {
  const value = decodeJsonObject(parseText(text))
  if (value === null) return nothing(`${where} is not a JSON object. ${cureOf(text)}`)
  const sent = decodeJsonObject(value['client_payload'])
  return sent === null
    ? understand(value, undefined)
    : understand(sent, value['event_type'] ?? value['action'])
}

/** The JSON of the text; where that is a text itself, as toJSON makes it of an input, the JSON of that. */
function parseText(text: string): unknown {
  const value = parseJson(text)
  return typeof value === 'string' ? parseJson(value) : value
}

/** GitHub writes `Object` for an object in an expression: the commonest slip. */
function cureOf(text: string): string {
  if (text.trim() === 'null') return 'This run has no client_payload: start it by repository_dispatch.'
  const slip = /^(?:Object|Array|\[object Object\])$/.test(text.trim())
  const cause = slip ? `${safeText(text)} is what GitHub makes of an object. ` : ''
  return `${cause}Pass it as toJSON(github.event.client_payload).`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** `dispatch` is the `event_type` that GitHub was sent with the payload; undefined where there was none. */
function understand(payload: JsonObject, dispatch: unknown): Received {
  const whole = decodeModelEvent(payload)
  const sent = whole === null ? payload : { model_event: payload }
  const decoded = decodeClientPayload(sent)
  if (decoded !== null) return { found: 'event', ...withKeys(decoded.event, decoded.envelope), hint: null }
  return (
    otherSchema(sent['model_event']) ??
    otherSchema(payload) ??
    understandDatabricks(payload, dispatch) ??
    understandWandb(payload, dispatch) ??
    nothing(
      'The client_payload of this run holds no event of a model registry. ' +
        'Let the destination of the automation send model_event - or the fields of the registry itself.',
    )
  )
}

function otherSchema(value: unknown): Received | null {
  const schema = decodeJsonObject(value)?.['schema']
  if (typeof schema !== 'string' || !schema.startsWith('model-dispatch/')) return null
  const why =
    `The event has the schema ${safeText(schema)} and this version of the Action reads ${SCHEMA}. ` +
    'Update the Action: raise the version behind the @ of its uses: line.'
  return { found: 'schema', why }
}

/** A body of Databricks' registry webhooks, pasted or passed on as it was. */
function understandDatabricks(payload: JsonObject, dispatch: unknown): Received | null {
  const named = [payload['event'], payload['event_type'], dispatch].find(isDatabricksEvent)
  const unknown = typeof payload['webhook_id'] === 'string' && typeof payload['event'] === 'string'
  if (named === undefined && !unknown) return null
  const { event, hint } = decodeDatabricksBody({ ...payload, event: named ?? payload['event'] ?? null }, null)
  return { found: 'event', ...withKeys(bareEvent(event, 'databricks'), NO_ENVELOPE), hint }
}

/** A body that W&B sent straight to GitHub, without a receiver between them. */
function understandWandb(payload: JsonObject, dispatch: unknown): Received | null {
  const wrapped = typeof dispatch === 'string' ? { event_type: dispatch, client_payload: payload } : payload
  const { event, hint } = decodeWandbBody(wrapped, null)
  const named = [payload['event_type'], dispatch].some((name) => isWandbEvent(name))
  // A lone `tag` or `alias` may be anybody's; a body of W&B's names its artifact, its run or its event.
  if (event.model === null && event.run === null && !named) return null
  return { found: 'event', ...withKeys(bareEvent(event, 'wandb'), NO_ENVELOPE), hint }
}

function isWandbEvent(name: unknown): boolean {
  return typeof name === 'string' && wandbEventType(name) !== null
}

/** An event without a receiver: its source is named as the registry is. */
function bareEvent(event: DecodedEvent, registry: string): ModelEvent {
  return {
    schema: SCHEMA,
    id: '',
    source: { name: registry, type: registry },
    ...event,
    received_at: '',
    synthetic: false,
    repeat_of: null,
    replay_of: null,
  }
}

const NO_ENVELOPE: ReceivedEnvelope = {
  delivery_id: '',
  delivery_url: null,
  automation: '',
  parameters: {},
  subject_key: '',
  dedupe_key: '',
  truncated: [],
}

/** The event with its keys; where no receiver set them they are made here, the same for the same subject. */
function withKeys(
  event: ModelEvent,
  envelope: ReceivedEnvelope,
): { event: ModelEvent; envelope: ReceivedEnvelope } {
  const scope = { destination: 'repository_dispatch', target: '', listener: '' }
  const subject_key = envelope.subject_key || subjectKey(scope, event)
  return {
    event,
    envelope: { ...envelope, subject_key, dedupe_key: envelope.dedupe_key || dedupeKey(event) },
  }
}

function nothing(why: string): Received {
  return { found: 'nothing', why }
}
