/**
 * Asks an MLflow server's REST API about a model version and the run that made it.
 * https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
import { isObject, textOf } from '../../../src/contract/clean-json.ts'
import type { Json, JsonObject, ModelRef } from '../../../src/contract/model-event.ts'
import { facts, LookupTrouble, texts, type LookedUp, type Registry, type SourceLookup } from '../lookup.ts'

/** The workspace of a server that has several: mlflow/utils/workspace_utils.py. */
const WORKSPACE_HEADER = 'X-MLFLOW-WORKSPACE'

/** MLflow's note of every logged model, tens of KB of JSON: nobody's condition asks for it. */
const LOG_TAG = 'mlflow.log-model.history'

/** Asks an MLflow server. */
export const mlflowLookup: SourceLookup = {
  base_url: null,
  needs_key: false,
  key_help: '`user:password` of a server with basic authentication, or a bearer token.',
  authorization: (key) =>
    key.includes(':') ? `Basic ${Buffer.from(key).toString('base64')}` : `Bearer ${key}`,
  async find({ model, run }, registry) {
    // Prompts are no model versions, and what happens to a whole model names no version.
    if (model === null || model.type === 'prompt') return null
    const { name, version } = model
    if (name === null || version === null) return null
    const found = await get(registry, model, 'model-versions/get', { name, version })
    const held = found === null ? null : objectOf(found['model_version'])
    if (held === null) throw missing(name, version)
    if (textOf(held['name']) !== name || textOf(held['version']) !== version) throw another(name, version)
    const run_id = textOf(held['run_id']) ?? textOf(run?.['id'])
    const made_by = run_id === null ? null : await get(registry, model, 'runs/get', { run_id })
    return read(
      held,
      objectOf(made_by?.['run']),
      `${registry.base_url}/#/models/${page(name)}/versions/${version}`,
    )
  },
}

const page = (name: string) => encodeURIComponent(name)

/** Returns the answer; null where there is no such thing. @throws LookupTrouble */
async function get(
  { ask }: Registry,
  { entity }: ModelRef,
  what: string,
  query: Readonly<Record<string, string>>,
): Promise<JsonObject | null> {
  const headers = entity === null ? {} : { [WORKSPACE_HEADER]: entity }
  const { status, body } = await ask({ method: 'GET', path: `/api/2.0/mlflow/${what}`, query, headers })
  const code = textOf(body['error_code'])
  if (status === 200 && code === null) return body
  if (code === 'RESOURCE_DOES_NOT_EXIST') return null
  const said = [code, textOf(body['message'])].filter((text) => text !== null).join(': ')
  throw new LookupTrouble({
    message: `MLflow answered ${status}${said === '' ? '' : ` (${said})`} to ${what}`,
    fix: 'Check that `base_url` is the address of the MLflow server, as in MLFLOW_TRACKING_URI.',
  })
}

function missing(name: string, version: string): LookupTrouble {
  return new LookupTrouble(
    {
      message: `MLflow knows no version ${version} of ${name}`,
      fix: 'If it exists, check that `base_url` is the server that sends the webhooks, then replay the event.',
    },
    { missing: true },
  )
}

function another(name: string, version: string): LookupTrouble {
  return new LookupTrouble({
    message: `MLflow answered about another model version than ${name} ${version}`,
    fix: 'Look at what stands between the receiver and MLflow: a cache or a proxy may answer in its place.',
  })
}

function read(held: JsonObject, run: JsonObject | null, url: string): LookedUp {
  const data = objectOf(run?.['data'])
  const info = objectOf(run?.['info'])
  const { description, source, current_stage, status } = held
  const tags = pairs(held['tags'])
  const aliases = texts(held['aliases'])
  const experiment_id = info?.['experiment_id']
  const metrics = pairs(data?.['metrics'])
  const params = pairs(data?.['params'])
  return {
    model: { url },
    run: info === null ? null : runOf(info, pairs(data?.['tags'])),
    metadata: facts({ metrics, params, tags, experiment_id }),
    facts: facts({
      aliases,
      tags: Object.entries(tags).map(([key, value]) => `${key}=${textOf(value) ?? ''}`),
      ...{ description, source, stage: current_stage, status },
    }),
    // Proto's JSON leaves empty lists out: a version without the key has no alias.
    aliases,
  }
}

function runOf(
  { run_id, run_name, status, experiment_id, user_id }: JsonObject,
  tags: JsonObject,
): JsonObject {
  const { [LOG_TAG]: _, ...rest } = tags
  return facts({ id: run_id, name: run_name, status, experiment_id, user: user_id, tags: rest })
}

/** MLflow writes metrics, params and tags as lists of `{key, value}`. */
function pairs(list: Json | undefined): JsonObject {
  const found = new Map<string, Json>()
  for (const item of Array.isArray(list) ? list : []) {
    const key = isObject(item) ? textOf(item['key']) : null
    if (key !== null && key !== '__proto__' && isObject(item)) found.set(key, item['value'] ?? null)
  }
  return Object.fromEntries(found)
}

const objectOf = (value: Json | undefined): JsonObject | null => (isObject(value) ? value : null)
