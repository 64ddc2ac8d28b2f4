import { encodeClientPayload } from '../../src/contract/client-payload.ts'
import type { Envelope } from '../../src/contract/client-payload.ts'
import { NO_CHANGE, NO_MODEL, SCHEMA } from '../../src/contract/model-event.ts'
import type { JsonObject, ModelChange, ModelEvent, ModelRef } from '../../src/contract/model-event.ts'

/** Parts of an event that differ from {@link modelEvent}'s; model and change are filled in field by field. */
export type EventParts = Partial<Omit<ModelEvent, 'model' | 'change'>> & {
  model?: Partial<ModelRef> | null
  change?: Partial<ModelChange>
}

const RESNET: Partial<ModelRef> = {
  type: 'model',
  entity: 'my-team',
  project: 'model-registry',
  registry: 'model',
  name: 'resnet50',
  id: 'QXJ0aWZhY3Q6NTE3ODg5ODg3',
}

/** `resnet50 v3 -> production by jane`, as the receiver makes it of W&B's webhook, with the parts replaced. */
export function modelEvent({
  model = {},
  change = { alias: 'production' },
  ...parts
}: EventParts = {}): ModelEvent {
  return {
    schema: SCHEMA,
    id: 'evt_01',
    source: { name: 'wandb', type: 'wandb' },
    type: 'ADD_ARTIFACT_ALIAS',
    kind: 'alias.added',
    title: 'resnet50 v3 -> production by jane',
    author: 'jane',
    occurred_at: null,
    received_at: '2026-11-22T03:04:05.678Z',
    test: false,
    own: false,
    synthetic: false,
    repeat_of: null,
    replay_of: null,
    run: null,
    metadata: {},
    extra: {},
    ...parts,
    model: model && {
      ...NO_MODEL,
      ...RESNET,
      version: 'v3',
      reference: 'my-team/model-registry/resnet50:production',
      pinned: 'my-team/model-registry/resnet50:v3',
      ...model,
    },
    change: { ...NO_CHANGE, tags: [], ...change },
  }
}

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
