import { eventName, isObject, textOf, trimInvisible } from '../clean-json.ts'
import type { EventKind, JsonObject } from '../model-event.ts'
import type { WandbFields } from './fields.ts'

/**
 * Every event that W&B has, with its kind: `EventTriggeringConditionType` of the SDK
 * (wandb/automations/_generated/enums.py) with LINK_MODEL as LINK_ARTIFACT, as W&B documents and renders it.
 */
export const WANDB_EVENTS: Readonly<Record<string, EventKind>> = {
  CREATE_ARTIFACT: 'version.created',
  LINK_ARTIFACT: 'version.linked',
  UNLINK_ARTIFACT: 'version.unlinked',
  ADD_ARTIFACT_ALIAS: 'alias.added',
  ADD_ARTIFACT_TAG: 'tag.added',
  REMOVE_ARTIFACT_TAG: 'tag.removed',
  ADD_COLLECTION_TAG: 'tag.added',
  REMOVE_COLLECTION_TAG: 'tag.removed',
  RUN_METRIC: 'run.changed',
  RUN_METRIC_CHANGE: 'run.changed',
  RUN_METRIC_ZSCORE: 'run.changed',
  RUN_STATE: 'run.changed',
  WEAVE_METRIC_THRESHOLD: 'other',
}

/** Other names of the same events: the SDK's internal one, a retired one, and the long one. */
const OTHER_NAMES = new Map([
  ['LINK_MODEL', 'LINK_ARTIFACT'],
  ['UPDATE_ARTIFACT_ALIAS', 'ADD_ARTIFACT_ALIAS'],
  ['RUN_METRIC_THRESHOLD', 'RUN_METRIC'],
])

/** Which event a body is about that names none, by the first of these words that is filled in. */
const TELLTALES = [
  ['alias', 'ADD_ARTIFACT_ALIAS'],
  ['tag', 'ADD_ARTIFACT_TAG'],
  ['run_status', 'RUN_STATE'],
  ['metric_name', 'RUN_METRIC'],
] as const

/** W&B's names of its events, also those that it has yet to invent: never taken for a name of the user's own. */
const WANDB_STYLE = /_(?:ARTIFACT|COLLECTION)(?:_|$)|^(?:RUN|WEAVE)_/

/** The name of no event: where a body gives no sign of one. */
export const UNKNOWN_EVENT = 'UNKNOWN'

/**
 * Returns W&B's name of the event in its one spelling (`link_model` is `LINK_ARTIFACT`); null if W&B has no such event.
 */
export function wandbEventType(text: string): string | null {
  const name = text.trim().toUpperCase()
  const type = OTHER_NAMES.get(name) ?? name
  return Object.hasOwn(WANDB_EVENTS, type) ? type : null
}

/** Returns the neutral kind of the event; `other` for one that W&B is not known to have. */
export function wandbEventKind(type: string): EventKind {
  return (Object.hasOwn(WANDB_EVENTS, type) ? WANDB_EVENTS[type] : undefined) ?? 'other'
}

/**
 * Returns which event a body is about, or `UNKNOWN`. `stated` (from the webhook's URL) wins. Then comes what the body
 * says: `event_type` and `wandb_event_type` where they name an event of W&B (in a template for GitHub, `event_type` is
 * a name of the user's own), and last what its filled-in words tell.
 */
export function findWandbEvent(body: JsonObject, fields: WandbFields, stated: string | null): string {
  const own = eventName(stated)
  if (own !== null) return wandbEventType(own) ?? own
  return namedEvent(body, fields) ?? toldEvent(fields) ?? UNKNOWN_EVENT
}

function namedEvent(body: JsonObject, fields: WandbFields): string | null {
  const known = fields.texts('event_type', 'wandb_event_type').map(wandbEventType)
  return known.find((type) => type !== null) ?? newEvent(body, fields)
}

/** Returns an event that W&B added after this was written: accepted under its own name, never guessed to be another. */
function newEvent(body: JsonObject, fields: WandbFields): string | null {
  const dispatch = dispatchType(body)
  const styled = fields
    .texts('event_type')
    .filter((text) => text !== dispatch && WANDB_STYLE.test(text.toUpperCase()))
  return [...fields.texts('wandb_event_type'), ...styled].map(eventName).find((name) => name !== null) ?? null
}

function toldEvent(fields: WandbFields): string | null {
  return TELLTALES.find(([word]) => fields.text(word) !== null)?.[1] ?? null
}

/**
 * Returns the body's own GitHub event type, where it is made for `POST /repos/{owner}/{repo}/dispatches`: a string
 * `event_type` beside an object `client_payload`
 * (https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event). Else null.
 */
export function dispatchType(body: JsonObject): string | null {
  const name = ownValue(body, 'event_type')
  return clientPayload(body) !== null && typeof name === 'string'
    ? trimInvisible(textOf(name) ?? '') || null
    : null
}

/** Returns the body's own `client_payload` where it is an object, else null. */
export function clientPayload(body: JsonObject): JsonObject | null {
  const payload = ownValue(body, 'client_payload')
  return isObject(payload) ? payload : null
}

const ownValue = (body: JsonObject, key: string) => (Object.hasOwn(body, key) ? body[key] : undefined)
