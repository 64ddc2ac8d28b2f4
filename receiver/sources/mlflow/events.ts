import { eventName, isObject, textOf } from '../../../src/contract/clean-json.ts'
import type { EventKind, JsonObject } from '../../../src/contract/model-event.ts'

/**
 * The events of MLflow 3.18 as `entity.action`, with their kinds.
 * https://github.com/mlflow/mlflow/blob/master/mlflow/entities/webhook.py
 */
export const MLFLOW_EVENTS: Readonly<Record<string, EventKind>> = {
  'registered_model.created': 'model.created',
  'model_version.created': 'version.created',
  'model_version_tag.set': 'tag.added',
  'model_version_tag.deleted': 'tag.removed',
  'model_version_alias.created': 'alias.added',
  'model_version_alias.deleted': 'alias.removed',
  'prompt.created': 'prompt.created',
  'prompt_version.created': 'prompt_version.created',
  'prompt_tag.set': 'prompt_tag.set',
  'prompt_tag.deleted': 'prompt_tag.deleted',
  'prompt_version_tag.set': 'prompt_version_tag.set',
  'prompt_version_tag.deleted': 'prompt_version_tag.deleted',
  'prompt_alias.created': 'prompt_alias.created',
  'prompt_alias.deleted': 'prompt_alias.deleted',
  'budget_policy.exceeded': 'other',
}

/** The name of no event: where a body names neither entity nor action. */
export const UNKNOWN_EVENT = 'UNKNOWN'

/**
 * Returns which event a body is about. `stated` (from the webhook's URL) wins over the body's `entity` and `action`.
 * A pair that MLflow does not document is kept under its name, with the kind `other`.
 */
export function findMlflowEvent(body: JsonObject, stated: string | null): { type: string; kind: EventKind } {
  const own = [textOf(body['entity']), textOf(body['action'])]
  const type = eventName(stated) ?? (own.includes(null) ? null : eventName(own.join('.'))) ?? UNKNOWN_EVENT
  const kind = Object.hasOwn(MLFLOW_EVENTS, type) ? MLFLOW_EVENTS[type] : undefined
  return { type, kind: kind ?? 'other' }
}

const EXAMPLE_NAMES = ['example_model', 'example_prompt']

/**
 * Whether `data` is one of the examples that MLflow's test call (`POST /api/2.0/mlflow/webhooks/{id}/test`) sends.
 * Nothing else marks a test, so every name in it must be an example's: a model of one's own called `example_model` is
 * told from it by its alias or tags.
 * https://github.com/mlflow/mlflow/blob/master/mlflow/webhooks/types.py
 */
export function isMlflowTest(data: JsonObject): boolean {
  if (!EXAMPLE_NAMES.includes(textOf(data['name']) ?? '')) return false
  const alias = textOf(data['alias'])
  if (alias !== null) return alias === 'example_alias'
  const { tags } = data
  const keys = isObject(tags) ? Object.keys(tags) : [textOf(data['key'])]
  return keys.length === 1 && keys[0] === 'example_key'
}
