import { eventName } from '../clean-json.ts'
import type { EventKind } from '../model-event.ts'

/**
 * The twelve events of Databricks' registry webhooks (`RegistryWebhookEvent` of the REST API) with their kinds.
 */
export const DATABRICKS_EVENTS: Readonly<Record<string, EventKind>> = {
  MODEL_VERSION_CREATED: 'version.created',
  MODEL_VERSION_TRANSITIONED_STAGE: 'stage.changed',
  TRANSITION_REQUEST_CREATED: 'stage.requested',
  COMMENT_CREATED: 'comment.created',
  REGISTERED_MODEL_CREATED: 'model.created',
  MODEL_VERSION_TAG_SET: 'tag.added',
  MODEL_VERSION_TRANSITIONED_TO_STAGING: 'stage.changed',
  MODEL_VERSION_TRANSITIONED_TO_PRODUCTION: 'stage.changed',
  MODEL_VERSION_TRANSITIONED_TO_ARCHIVED: 'stage.changed',
  TRANSITION_REQUEST_TO_STAGING_CREATED: 'stage.requested',
  TRANSITION_REQUEST_TO_PRODUCTION_CREATED: 'stage.requested',
  TRANSITION_REQUEST_TO_ARCHIVED_CREATED: 'stage.requested',
}

/** The name of no event: where a body gives no sign of one. */
export const UNKNOWN_EVENT = 'UNKNOWN'

const STAGES = new Map([
  ['STAGING', 'Staging'],
  ['PRODUCTION', 'Production'],
  ['ARCHIVED', 'Archived'],
])

/**
 * Which event a body is about. `stated` (from the webhook's URL) wins over the body's own `event`. A name that
 * Databricks does not document is kept, with the kind `other`.
 */
export function findDatabricksEvent(
  own: string | null,
  stated: string | null,
): { type: string; kind: EventKind } {
  const name = eventName(stated) ?? eventName(own) ?? UNKNOWN_EVENT
  const known = name.toUpperCase()
  const kind = Object.hasOwn(DATABRICKS_EVENTS, known) ? DATABRICKS_EVENTS[known] : undefined
  return kind === undefined ? { type: name, kind: 'other' } : { type: known, kind }
}

/** Whether the value is the name of an event that Databricks documents, in any case. */
export function isDatabricksEvent(name: unknown): name is string {
  return typeof name === 'string' && Object.hasOwn(DATABRICKS_EVENTS, name.trim().toUpperCase())
}

/** The stage in a specific event's name (`…_TO_PRODUCTION` is `Production`), null for all other events. */
export function stageOfEvent(type: string): string | null {
  return STAGES.get(/_TO_([A-Z]+)(?:_CREATED)?$/.exec(type)?.[1] ?? '') ?? null
}

/** The generic name of a stage event: what Databricks calls the same change for webhooks of any stage. */
export function genericName(kind: EventKind): string | null {
  if (kind === 'stage.changed') return 'MODEL_VERSION_TRANSITIONED_STAGE'
  return kind === 'stage.requested' ? 'TRANSITION_REQUEST_CREATED' : null
}

/** The specific name of a stage event, where Databricks has one for this stage; else null. */
export function specificName(kind: EventKind, to_stage: string | null): string | null {
  const stage = to_stage?.toUpperCase() ?? ''
  if (!STAGES.has(stage)) return null
  if (kind === 'stage.changed') return `MODEL_VERSION_TRANSITIONED_TO_${stage}`
  return kind === 'stage.requested' ? `TRANSITION_REQUEST_TO_${stage}_CREATED` : null
}
