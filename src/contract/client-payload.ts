import type { Problem } from './problem.ts'
import type { JsonObject, ModelEvent } from './model-event.ts'
import { fitPayload, harmless, jsonBytes, type Budget } from './payload-budget.ts'
import { formatArtifactUri } from './wandb/reference.ts'

/**
 * GitHub's limits on a repository dispatch
 * (https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event). GitHub refuses more than
 * 65,535 bytes of `client_payload`; we stay well below, whatever else it counts.
 */
export const LIMITS = { event_type_characters: 100, top_level_keys: 10, payload_bytes: 60_000 } as const

/** The budget of a repository dispatch. */
const DISPATCH_BUDGET: Budget = { limit: LIMITS.payload_bytes, size: jsonBytes }

/** The keys that travel in `model_event` beside the event itself. */
export interface Envelope {
  /** `dlv_…`, the same for every attempt: the "already done" marker. */
  delivery_id: string
  /** Where the delivery can be looked at; null where the receiver does not know its own address. */
  delivery_url: string | null
  automation: string
  /** The destination's own `parameters`. */
  parameters: JsonObject
  /** Hex; the same for every event about this destination, model and slot. */
  subject_key: string
  /** Hex; equal for repeats of one change. */
  dedupe_key: string
}

/** A `client_payload` that GitHub would refuse. The message says why, `fix` what to change. */
export class ClientPayloadError extends Error implements Problem {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'ClientPayloadError'
    this.fix = fix
  }
}

/** The nine flat keys of a W&B event, as W&B's own template for GitHub names them, from the event's fields. */
const WANDB_FLAT: Readonly<Record<string, (event: ModelEvent) => string | null | undefined>> = {
  event_type: ({ type }) => type,
  event_author: ({ author }) => author,
  artifact_version: ({ model }) => model?.id && formatArtifactUri({ base_url: null, id: model.id }),
  artifact_version_string: ({ model }) => model?.reference,
  artifact_collection_name: ({ model }) => model?.name,
  project_name: ({ model }) => model?.project,
  entity_name: ({ model }) => model?.entity,
  alias: ({ change }) => change.alias,
  tag: ({ change }) => change.tag,
}

/** The flat fields of other registries, where they have more than fit. */
const FLAT_FIELDS = new Map([
  [
    'databricks',
    ['model_name', 'version', 'from_stage', 'to_stage', 'tags', 'comment', 'text', 'webhook_id'],
  ],
])

const FLAT_LIMIT = 8
/** Longer names are no field of a registry's. */
const FLAT_NAME_CHARACTERS = 50
const RESERVED = ['event_type', 'model_event', '__proto__']

/**
 * Returns the text as GitHub's `event_type`; a dispatch without one, or with one of more than 100 characters, is
 * refused.
 *
 * @throws ClientPayloadError
 */
export function checkEventType(event_type: string): string {
  const limit = LIMITS.event_type_characters
  if (event_type.trim() === '') {
    throw new ClientPayloadError(
      'The event_type of the dispatch is empty.',
      'Set event_type of the destination to the name that the workflow lists under on.repository_dispatch.types.',
    )
  }
  if (event_type.length > limit) {
    throw new ClientPayloadError(
      `The event_type of the dispatch has ${event_type.length} characters; GitHub takes ${limit}.`,
      'Shorten event_type of the destination, or what its template is filled with.',
    )
  }
  return event_type
}

/**
 * Returns the default `client_payload` of an event: the registry's own flat fields, then `model_event`. `flat` are
 * those fields as the registry sent them ("" when absent); what it didn't send of W&B's documented ones comes from the
 * event. The result always fits `budget`, by default that of {@link LIMITS}: what had to be cut is listed in
 * `model_event.truncated`.
 *
 * @throws ClientPayloadError when the budget is too small for any event.
 */
export function encodeClientPayload(
  event: ModelEvent,
  flat: Readonly<Record<string, string>>,
  envelope: Envelope,
  budget: Budget = DISPATCH_BUDGET,
): JsonObject {
  const fields = event.source.type === 'wandb' ? wandbFields(event, flat) : otherFields(event, flat)
  const payload = harmless({ ...fields, model_event: modelEvent(event, envelope) })
  const fitted = fitPayload(payload, budget, true)
  if (fitted === null) {
    throw new ClientPayloadError(
      'The event is too large for a dispatch even without its metadata.',
      'Give the destination a client_payload of its own with the fields that the workflow needs.',
    )
  }
  return fitted
}

function wandbFields(event: ModelEvent, flat: Readonly<Record<string, string>>): JsonObject {
  const entries = Object.entries(WANDB_FLAT).map(([name, derive]) => {
    const sent = Object.hasOwn(flat, name) ? flat[name] : ''
    return [name, sent || (derive(event) ?? '')]
  })
  return Object.fromEntries(entries) as JsonObject
}

function otherFields(event: ModelEvent, flat: Readonly<Record<string, string>>): JsonObject {
  const sent = new Map(Object.entries(flat).filter(([, text]) => text !== ''))
  const names = (FLAT_FIELDS.get(event.source.type) ?? [...sent.keys()])
    .filter((name) => sent.has(name) && !RESERVED.includes(name) && name.length <= FLAT_NAME_CHARACTERS)
    .slice(0, FLAT_LIMIT)
  const fields = names.map((name) => [name, sent.get(name) ?? ''])
  return Object.fromEntries([['event_type', sent.get('event_type') ?? event.type], ...fields]) as JsonObject
}

function modelEvent(event: ModelEvent, envelope: Envelope): JsonObject {
  return { ...event, ...envelope, truncated: [] } as unknown as JsonObject
}

/** How a user's own `client_payload` is completed. */
export interface Completion {
  /** Whether `model_event` is to be added. */
  model_event: boolean
  /** Default: that of {@link LIMITS}. */
  budget?: Budget
}

/**
 * Returns a user's own `client_payload` unchanged, with `model_event` added where `options.model_event` is set, a key is
 * free and there is room for all of it but its metadata, extra and comment.
 *
 * @throws ClientPayloadError when GitHub would refuse it; it is the user's, so nothing of it is ever cut.
 */
export function completeClientPayload(
  own: JsonObject,
  event: ModelEvent,
  envelope: Envelope,
  options: Completion,
): JsonObject {
  const { limit, size } = options.budget ?? DISPATCH_BUDGET
  const payload = harmless(own)
  const keys = Object.keys(payload).length
  checkOwnPayload(keys, size(payload), limit)
  const free = keys < LIMITS.top_level_keys && !Object.hasOwn(payload, 'model_event')
  if (!options.model_event || !free) return payload
  const addition = harmless({ model_event: modelEvent(event, envelope) })
  const fitted = fitPayload(addition, { limit: limit - size(payload), size }, false)
  return fitted === null ? payload : { ...payload, ...fitted }
}

/**
 * Returns what to say of the top-level keys of a sender's own `client_payload` that are too many, or leave no key for
 * `model_event`; null where all is well.
 */
export function unfitKeys(own: JsonObject): string | null {
  const keys = Object.keys(own).length
  const most = LIMITS.top_level_keys
  if (keys > most)
    return `client_payload has ${keys} keys at its top, and GitHub takes ${most}: put some of them into an object under one key.`
  if (Object.hasOwn(own, 'model_event'))
    return 'client_payload has a key model_event of its own: the one of Model Dispatch does not join it.'
  if (keys < most) return null
  return `client_payload has ${keys} keys at its top, all that GitHub takes: model_event does not fit. Leave a key free for it.`
}

function checkOwnPayload(keys: number, bytes: number, limit: number): void {
  if (keys > LIMITS.top_level_keys) {
    throw new ClientPayloadError(
      `The client_payload has ${keys} keys at its top; GitHub takes ${LIMITS.top_level_keys}.`,
      'Put some of them into an object under one key of client_payload.',
    )
  }
  if (bytes > limit) {
    throw new ClientPayloadError(
      `The client_payload has ${bytes} bytes; more than ${limit} cannot be sent to GitHub.`,
      'Leave out of client_payload what can grow large, such as ${event.metadata}, and send the keys you need.',
    )
  }
}
