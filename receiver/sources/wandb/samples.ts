import type { Json, JsonObject } from '../../../src/contract/model-event.ts'

const ALIAS: JsonObject = {
  event_type: 'ADD_ARTIFACT_ALIAS',
  event_author: 'jane',
  alias: 'production',
  tag: '',
  artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
  artifact_version_string: 'my-team/model-registry/resnet50:production',
  artifact_collection_name: 'resnet50',
  project_name: 'model-registry',
  entity_name: 'my-team',
}

const VERSION: JsonObject = {
  ...ALIAS,
  alias: '',
  artifact_version_string: 'my-team/model-registry/resnet50:v3',
}

const RUN: JsonObject = {
  event_author: 'jane',
  project_name: 'image-classification',
  entity_name: 'my-team',
  run_name: 'bright-sun-42',
}

const METRIC: JsonObject = {
  ...RUN,
  metric_name: 'val_accuracy',
  metric_values: '0.93',
  metric_filter_short: 'val_accuracy > 0.9',
}

/** Rendered bodies of the payload template that the set-up text gives, by event type. */
export const WANDB_SAMPLES: Readonly<Record<string, Json>> = {
  ADD_ARTIFACT_ALIAS: ALIAS,
  LINK_ARTIFACT: { ...VERSION, event_type: 'LINK_ARTIFACT' },
  UNLINK_ARTIFACT: { ...VERSION, event_type: 'UNLINK_ARTIFACT' },
  CREATE_ARTIFACT: {
    ...VERSION,
    event_type: 'CREATE_ARTIFACT',
    artifact_version_string: 'my-team/image-classification/resnet50:v3',
    project_name: 'image-classification',
  },
  ADD_ARTIFACT_TAG: { ...VERSION, event_type: 'ADD_ARTIFACT_TAG', tag: 'reviewed' },
  REMOVE_ARTIFACT_TAG: { ...VERSION, event_type: 'REMOVE_ARTIFACT_TAG', tag: 'reviewed' },
  ADD_COLLECTION_TAG: collectionTag('ADD_COLLECTION_TAG'),
  REMOVE_COLLECTION_TAG: collectionTag('REMOVE_COLLECTION_TAG'),
  RUN_STATE: { ...RUN, event_type: 'RUN_STATE', run_status: 'FINISHED' },
  RUN_METRIC: { ...METRIC, event_type: 'RUN_METRIC' },
  RUN_METRIC_CHANGE: { ...METRIC, event_type: 'RUN_METRIC_CHANGE' },
  RUN_METRIC_ZSCORE: { ...METRIC, event_type: 'RUN_METRIC_ZSCORE' },
  WEAVE_METRIC_THRESHOLD: {
    event_type: 'WEAVE_METRIC_THRESHOLD',
    event_author: 'jane',
    project_name: 'assistant',
    entity_name: 'my-team',
    alert_name: 'too many refusals',
    metric_name: 'refusal_rate',
    metric_value: '0.12',
    threshold: '0.1',
    comparison_op: '>',
    message: 'refusal_rate is over 0.1',
  },
}

/** Tags of a collection: the event has no version. */
function collectionTag(event_type: string): JsonObject {
  return { ...ALIAS, event_type, alias: '', tag: 'vision', artifact_version: '', artifact_version_string: '' }
}
