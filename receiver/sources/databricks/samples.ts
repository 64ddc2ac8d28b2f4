import type { Json, JsonObject } from '../../../src/contract/model-event.ts'

const MODEL: JsonObject = {
  webhook_id: 'c5596721253c4b429368cf6f4341b88a',
  event_timestamp: 1589859029343,
  model_name: 'Airline_Delay_SparkML',
}

/** A body of every event, with the fields that Databricks documents for it. */
export const DATABRICKS_SAMPLES: Readonly<Record<string, Json>> = {
  MODEL_VERSION_TRANSITIONED_STAGE: transition('MODEL_VERSION_TRANSITIONED_STAGE', 'None', 'Production'),
  MODEL_VERSION_TRANSITIONED_TO_STAGING: transition(
    'MODEL_VERSION_TRANSITIONED_TO_STAGING',
    'None',
    'Staging',
  ),
  MODEL_VERSION_TRANSITIONED_TO_PRODUCTION: transition(
    'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION',
    'Staging',
    'Production',
  ),
  MODEL_VERSION_TRANSITIONED_TO_ARCHIVED: transition(
    'MODEL_VERSION_TRANSITIONED_TO_ARCHIVED',
    'Production',
    'Archived',
  ),
  MODEL_VERSION_CREATED: version('MODEL_VERSION_CREATED', {
    text: "A user created version 8 of registered model 'Airline_Delay_SparkML'.",
  }),
  MODEL_VERSION_TAG_SET: version('MODEL_VERSION_TAG_SET', {
    tags: [
      { key: 'key1', value: 'value1' },
      { key: 'key2', value: 'value2' },
    ],
    text: "A user set version tag(s) 'key1' => 'value1', 'key2' => 'value2' for registered model 'Airline_Delay_SparkML' version 8.",
  }),
  COMMENT_CREATED: version('COMMENT_CREATED', {
    comment: 'Raw text content of the comment',
    text: "A user commented on registered model 'Airline_Delay_SparkML' version 8.",
  }),
  REGISTERED_MODEL_CREATED: {
    event: 'REGISTERED_MODEL_CREATED',
    ...MODEL,
    text: "A user created registered model 'Airline_Delay_SparkML'.",
  },
  TRANSITION_REQUEST_CREATED: request('TRANSITION_REQUEST_CREATED', 'Production'),
  TRANSITION_REQUEST_TO_STAGING_CREATED: request('TRANSITION_REQUEST_TO_STAGING_CREATED', 'Staging'),
  TRANSITION_REQUEST_TO_PRODUCTION_CREATED: request('TRANSITION_REQUEST_TO_PRODUCTION_CREATED', 'Production'),
  TRANSITION_REQUEST_TO_ARCHIVED_CREATED: request('TRANSITION_REQUEST_TO_ARCHIVED_CREATED', 'Archived'),
}

function version(event: string, fields: JsonObject): JsonObject {
  return { event, ...MODEL, version: '8', ...fields }
}

function transition(event: string, from_stage: string, to_stage: string): JsonObject {
  const text = `Registered model 'Airline_Delay_SparkML' version 8 transitioned from ${from_stage} to ${to_stage}.`
  return version(event, { to_stage, from_stage, text })
}

function request(event: string, to_stage: string): JsonObject {
  const text = `A user requested that registered model 'Airline_Delay_SparkML' version 8 transition to ${to_stage}.`
  return version(event, { to_stage, text })
}
