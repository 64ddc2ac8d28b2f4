import type { JsonObject } from '../../src/contract/model-event.ts'

/** The body that W&B sends for the payload that the README says to paste, with its words filled in. */
function wandbEvent(event_type: string, alias: string): JsonObject & { event_type: string } {
  return {
    event_type,
    event_author: 'jane',
    alias,
    tag: '',
    artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
    artifact_version_string: `my-team/wandb-registry-model/resnet50:${alias || 'v3'}`,
    artifact_version_index: '3',
    artifact_collection_name: 'resnet50',
    project_name: 'wandb-registry-model',
    entity_name: 'my-team',
  }
}

/** W&B: resnet50 v3 is linked to the registry. */
export const LINKED = wandbEvent('LINK_ARTIFACT', '')
/** W&B: resnet50 v3 becomes production. */
export const PRODUCTION = wandbEvent('ADD_ARTIFACT_ALIAS', 'production')
/** W&B: resnet50 v4 becomes production. */
export const NEXT_PRODUCTION = {
  ...PRODUCTION,
  artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg4',
  artifact_version_index: '4',
}
/** W&B: resnet50 v3 becomes a candidate. */
export const CANDIDATE = wandbEvent('ADD_ARTIFACT_ALIAS', 'candidate')

/** Databricks: a version changes its stage, with the fields that Databricks documents. */
export const STAGE_CHANGED: JsonObject & { event: string } = {
  event: 'MODEL_VERSION_TRANSITIONED_STAGE',
  webhook_id: 'c5596721253c4b429368cf6f4341b88a',
  event_timestamp: 1589859029343,
  model_name: 'Airline_Delay_SparkML',
  version: '8',
  to_stage: 'Production',
  from_stage: 'Staging',
  text: "Registered model 'Airline_Delay_SparkML' version 8 transitioned from Staging to Production.",
}
