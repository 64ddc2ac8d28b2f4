import { encodeClientPayload, type Envelope } from '../../src/contract/client-payload.ts'
import { NO_MODEL, type JsonObject, type ModelEvent } from '../../src/contract/model-event.ts'
import { modelEvent } from '../support/model-event.ts'

export { modelEvent }

export const aliasAdded: ModelEvent = modelEvent({ metadata: { accuracy: '0.93' } })

export const versionLinked: ModelEvent = modelEvent({
  type: 'LINK_ARTIFACT',
  kind: 'version.linked',
  title: 'resnet50 v3 linked by jane',
  model: { reference: 'my-team/model-registry/resnet50:v3' },
  change: {},
})

export const stageChanged: ModelEvent = modelEvent({
  source: { name: 'ws', type: 'databricks' },
  type: 'MODEL_VERSION_TRANSITIONED_STAGE',
  kind: 'stage.changed',
  title: 'Airline_Delay_SparkML 8 -> Production',
  author: null,
  occurred_at: '2020-05-19T03:30:29.343Z',
  model: {
    ...NO_MODEL,
    name: 'Airline_Delay_SparkML',
    version: '8',
    reference: 'models:/Airline_Delay_SparkML/8',
    pinned: 'models:/Airline_Delay_SparkML/8',
  },
  change: { from_stage: 'None', to_stage: 'Production' },
})

export const envelope: Envelope = {
  delivery_id: 'dlv_01',
  delivery_url: 'https://dispatch.example/api/v1/deliveries/dlv_01',
  automation: 'deploy-production',
  parameters: { region: 'eu' },
  subject_key: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  dedupe_key: 'decade00decade00decade00decade00',
}

/** The event file of the workflow that the receiver's dispatch of this event starts. */
export function dispatched(event: ModelEvent, flat: Record<string, string> = {}): JsonObject {
  return {
    action: 'deploy-model',
    branch: 'main',
    client_payload: encodeClientPayload(event, flat, envelope),
    repository: { full_name: 'acme/serving' },
  }
}

/** The event file of a workflow that W&B started itself, by the template of its documentation. */
export const wandbDirect: JsonObject = {
  action: 'BUILD_AND_DEPLOY',
  branch: 'main',
  client_payload: {
    event_author: 'jane',
    artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
    artifact_version_string: 'my-team/model-registry/resnet50:production',
    artifact_collection_name: 'resnet50',
    project_name: 'model-registry',
    entity_name: 'my-team',
  },
}
