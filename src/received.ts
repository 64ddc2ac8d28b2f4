import { decodeClientPayload } from './contract/client-payload.ts'
import type { ReceivedEnvelope } from './contract/client-payload.ts'
import { dedupeKey, subjectKey } from './contract/keys.ts'
import { SCHEMA, decodeJsonObject, decodeModelEvent } from './contract/model-event.ts'
import type { DecodedEvent, JsonObject, ModelEvent } from './contract/model-event.ts'
import { decodeWandbBody } from './contract/wandb/body.ts'
import { wandbEventType } from './contract/wandb/events.ts'
import type { GitHubEvent } from './github-event.ts'

/** What a step was given: a registry event, an event of a schema it cannot read, or none at all. */
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
  return nothing('The event of this run has neither a client_payload nor a workflow input payload.')
}

function receiveText(text: string, where: string): Received {
  const value = decodeJsonObject(parseJson(text))
  if (value === null) return nothing(`${where} is not a JSON object.`)
  const sent = decodeJsonObject(value['client_payload'])
  return sent === null
    ? understand(value, undefined)
    : understand(sent, value['event_type'] ?? value['action'])
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
  return otherSchema(sent['model_event']) ?? otherSchema(payload) ?? understandWandb(payload, dispatch)
}

function otherSchema(value: unknown): Received | null {
  const schema = decodeJsonObject(value)?.['schema']
  if (typeof schema !== 'string' || !schema.startsWith('model-dispatch/')) return null
  const why = `The event has the schema ${schema}; this version of the Action reads ${SCHEMA}. Update the Action.`
  return { found: 'schema', why }
}

/** A body that W&B sent straight to GitHub, without a receiver between them. */
function understandWandb(payload: JsonObject, dispatch: unknown): Received {
  const wrapped = typeof dispatch === 'string' ? { event_type: dispatch, client_payload: payload } : payload
  const body = decodeWandbBody(wrapped, null)
  const named = [payload['event_type'], dispatch].some((name) => isWandbEvent(name))
  // A lone `tag` or `alias` may be anybody's; a body of W&B's names its artifact, its run or its event.
  if (body.event.model === null && body.event.run === null && !named) {
    return nothing('The client_payload of this run holds no event of a model registry.')
  }
  return { found: 'event', ...withKeys(bareEvent(body.event), NO_ENVELOPE), hint: body.hint }
}

function isWandbEvent(name: unknown): boolean {
  return typeof name === 'string' && wandbEventType(name) !== null
}

function bareEvent(event: DecodedEvent): ModelEvent {
  return {
    schema: SCHEMA,
    id: '',
    source: { name: 'wandb', type: 'wandb' },
    ...event,
    received_at: '',
    synthetic: false,
    repeat_of: null,
    replay_of: null,
  }
}

const NO_ENVELOPE: ReceivedEnvelope = {
  delivery_id: '',
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
