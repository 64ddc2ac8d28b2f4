import type { Json, JsonObject } from '../../../src/contract/model-event.ts'
import { MLFLOW_EVENTS } from './events.ts'

const MODEL: JsonObject = { name: 'resnet50' }
const VERSION: JsonObject = { ...MODEL, version: '3' }
const TAG: JsonObject = { key: 'validation', value: 'passed' }
const DESCRIBED: JsonObject = { tags: { task: 'vision' }, description: 'Classifies images' }
const PROMPT: JsonObject = { name: 'summarise' }
const PROMPT_VERSION: JsonObject = { ...PROMPT, version: '7' }

/** The `data` of each event as MLflow documents it: https://github.com/mlflow/mlflow/blob/master/mlflow/webhooks/types.py */
const DATA: Readonly<Record<string, JsonObject>> = {
  'registered_model.created': { ...MODEL, ...DESCRIBED },
  'model_version.created': { ...VERSION, source: 'models:/m-1', run_id: 'abcd1234abcd5678', ...DESCRIBED },
  'model_version_tag.set': { ...VERSION, ...TAG },
  'model_version_tag.deleted': { ...VERSION, key: 'validation' },
  'model_version_alias.created': { ...VERSION, alias: 'production' },
  'model_version_alias.deleted': { ...MODEL, alias: 'production' },
  'prompt.created': { ...PROMPT, ...DESCRIBED },
  'prompt_version.created': { ...PROMPT_VERSION, template: 'Summarise {{text}}.', ...DESCRIBED },
  'prompt_tag.set': { ...PROMPT, ...TAG },
  'prompt_tag.deleted': { ...PROMPT, key: 'validation' },
  'prompt_version_tag.set': { ...PROMPT_VERSION, ...TAG },
  'prompt_version_tag.deleted': { ...PROMPT_VERSION, key: 'validation' },
  'prompt_alias.created': { ...PROMPT_VERSION, alias: 'production' },
  'prompt_alias.deleted': { ...PROMPT, alias: 'production' },
  'budget_policy.exceeded': {
    budget_policy_id: 'bp-1',
    budget_unit: 'USD',
    budget_amount: 100,
    current_spend: 105.5,
    duration_unit: 'DAYS',
    duration_value: 30,
    target_scope: 'GLOBAL',
    workspace: null,
    window_start: 1753950452000,
  },
}

/** A body of every event, as MLflow sends it. */
export const MLFLOW_SAMPLES: Readonly<Record<string, Json>> = Object.fromEntries(
  Object.keys(MLFLOW_EVENTS).map((type) => {
    const [entity = '', action = ''] = type.split('.')
    return [type, { entity, action, timestamp: '2025-07-31T08:27:32.080217+00:00', data: DATA[type] ?? {} }]
  }),
)
