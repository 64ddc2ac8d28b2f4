import { describe, expect, it } from 'vitest'
import { jsonFixture } from '../sources/fixtures.ts'
import { runAction } from '../support/run-action.ts'
import { aliasAdded, dispatched, modelEvent, stageChanged, versionLinked } from './events.ts'

const NOTHING = {
  artifact: '',
  'artifact-pinned': '',
  'artifact-id': '',
  version: '',
  environment: '',
  url: '',
}

describe('an event that contradicts itself', () => {
  const body = {
    ...jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json'),
    artifact_version_string: 'mallory/evil-project/backdoor:production',
  }
  const forged = modelEvent({
    model: {
      reference: 'mallory/evil-project/backdoor:production',
      pinned: 'mallory/evil-project/backdoor:v1',
      version: 'v1',
    },
  })

  it.each([
    ['sent by W&B itself', { action: 'deploy', client_payload: body }],
    ['sent by a receiver', dispatched(forged)],
  ])('hands out nothing to deploy, with a warning that names both models: %s', async (_who, event) => {
    const inputs = { models: 'my-team/model-registry/resnet50', aliases: 'production' }
    const { outputs, stdout, exit_code } = await runAction({ inputs, event })
    expect(exit_code).toBe(0)
    expect(outputs).toMatchObject({ matched: 'false', reason: 'contradiction', ...NOTHING })
    expect(outputs['message']).toContain('artifact_collection_name is resnet50')
    expect(outputs['message']).toContain('mallory/evil-project/backdoor:production')
    expect(stdout).toMatch(/^::warning::Not matched, contradiction: .*resnet50.*backdoor/m)
  })

  it('hands out nothing with strict off either', async () => {
    const { outputs } = await runAction({ inputs: { strict: 'false' }, event: dispatched(forged) })
    expect(outputs).toMatchObject({ matched: 'false', reason: 'contradiction', ...NOTHING })
  })

  it('is one whose words stand twice with two values', async () => {
    const { artifact_version_string: _path, ...words } = body
    const client_payload = { ...words, Artifact_Collection_Name: 'backdoor' }
    const { outputs } = await runAction({ event: { action: 'deploy', client_payload } })
    expect(outputs).toMatchObject({ matched: 'false', reason: 'contradiction' })
  })

  it('is one of Databricks whose name and stage differ', async () => {
    const production = jsonFixture('payloads', 'databricks', 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION.json')
    const payload = JSON.stringify({ ...production, to_stage: 'Staging' })
    const { outputs } = await runAction({ inputs: { payload } })
    expect(outputs).toMatchObject({ matched: 'false', reason: 'contradiction', ...NOTHING })
  })
})

describe('an event of another schema', () => {
  it('fails the step, because every later one would be missed as well', async () => {
    const model_event = { ...aliasAdded, schema: 'model-dispatch/2' }
    const run = await runAction({ event: { action: 'x', client_payload: { model_event } } })
    expect(run.exit_code).toBe(1)
    expect(run.outputs).toMatchObject({ matched: 'false', reason: 'schema', json: '{}' })
    expect(run.stdout).toMatch(/^::error::Not matched, schema: .*Update the Action/)
  })

  it('puts no hostile schema into its message', async () => {
    const model_event = { ...aliasAdded, schema: 'model-dispatch/2\n$(id)`id`"' }
    const { outputs } = await runAction({ event: { action: 'x', client_payload: { model_event } } })
    expect(outputs['message']).toMatch(/^The event has the schema model-dispatch\/2 id id and /)
  })
})

describe('a payload that is no JSON object', () => {
  it.each(['Object', ' Object\n', 'Array', '[object Object]'])(
    'of an expression without toJSON is told its cure: %j',
    async (payload) => {
      const byStep = await runAction({ inputs: { payload } })
      const byWorkflow = await runAction({ event: { inputs: { payload } } })
      for (const { outputs, stdout } of [byStep, byWorkflow]) {
        expect(outputs).toMatchObject({ matched: 'false', reason: 'no-event' })
        expect(outputs['message']).toContain('toJSON(github.event.client_payload)')
        expect(stdout).toMatch(/^::warning::.*is what GitHub makes of an object/)
      }
    },
  )

  it('is told that there is none where toJSON found nothing', async () => {
    const { outputs } = await runAction({ inputs: { payload: 'null' } })
    expect(outputs['message']).toBe(
      'The input payload is not a JSON object. This run has no client_payload: start it by repository_dispatch.',
    )
  })

  it('is understood where toJSON was put around a text', async () => {
    const payload = JSON.stringify(JSON.stringify(dispatched(aliasAdded)['client_payload']))
    const { outputs } = await runAction({ inputs: { payload } })
    expect(outputs).toMatchObject({ matched: 'true', model: 'resnet50' })
  })

  it('is not said to be an object of an expression where it is anything else', async () => {
    const { outputs } = await runAction({ inputs: { payload: 'production' } })
    expect(outputs['message']).toBe(
      'The input payload is not a JSON object. Pass it as toJSON(github.event.client_payload).',
    )
  })
})

describe('the input events', () => {
  it.each([
    ['add_artifact_alias', aliasAdded],
    ['Alias.Added', aliasAdded],
    ['LINK_MODEL', versionLinked],
    ['link_model', versionLinked],
    ['link_*', versionLinked],
    ['MODEL_VERSION_TRANSITIONED_STAGE', stageChanged],
    ['MODEL_VERSION_TRANSITIONED_TO_PRODUCTION', stageChanged],
    ['model_version_transitioned_to_production', stageChanged],
    [
      'MODEL_VERSION_TRANSITIONED_STAGE',
      { ...stageChanged, type: 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION' },
    ],
  ])('takes %s under each of its names, in any case', async (events, event) => {
    const { outputs, stdout } = await runAction({ inputs: { events }, event: dispatched(event) })
    expect(outputs).toMatchObject({ matched: 'true', event: event.type })
    expect(stdout).not.toContain('::')
  })

  it('does not take the specific name of another stage', async () => {
    const inputs = { events: 'MODEL_VERSION_TRANSITIONED_TO_STAGING' }
    const { outputs } = await runAction({ inputs, event: dispatched(stageChanged) })
    expect(outputs).toMatchObject({ matched: 'false', reason: 'event' })
  })

  it.each([
    ['ADD_ARTEFACT_ALIAS', 'ADD_ARTIFACT_ALIAS'],
    ['LINK_ARTIFACTS', 'LINK_ARTIFACT'],
    ['alias.add', 'alias.added'],
    ['MODEL_VERSION_TRANSITION_STAGE', 'MODEL_VERSION_TRANSITIONED_STAGE'],
  ])('is asked whether it means another name, in every run: %s', async (misspelt, meant) => {
    const warning = `::warning::The input events has ${misspelt}, which no registry sends. Did you mean ${meant}?`
    for (const events of [misspelt, `${misspelt}, *`]) {
      const { stdout } = await runAction({ inputs: { events }, event: dispatched(aliasAdded) })
      expect(stdout).toContain(warning)
    }
  })

  it.each(['*', 'ADD_*', 'prompt_alias.created', 'model_version_alias.created', 'run.failed', 'RELEASED'])(
    'is not asked about %s, which another registry may send',
    async (events) => {
      const { stdout } = await runAction({ inputs: { events }, event: dispatched(aliasAdded) })
      expect(stdout).not.toContain('Did you mean')
    },
  )
})

describe('a body that Databricks sends, given as it is', () => {
  const body = jsonFixture('payloads', 'databricks', 'MODEL_VERSION_TRANSITIONED_STAGE.json')
  const STAGED = {
    matched: 'true',
    event: 'MODEL_VERSION_TRANSITIONED_STAGE',
    kind: 'stage.changed',
    'is-stage': 'true',
    source: 'databricks',
    model: 'Airline_Delay_SparkML',
    version: '8',
    stage: 'Production',
    'previous-stage': 'None',
    environment: 'prod',
    artifact: 'models:/Airline_Delay_SparkML/8',
    'artifact-pinned': 'models:/Airline_Delay_SparkML/8',
    'delivery-id': '',
  }
  const inputs = { environments: 'Production=prod' }

  it('is understood as the input payload, as the workflow input and as a client_payload', async () => {
    const payload = JSON.stringify(body)
    const runs = await Promise.all([
      runAction({ inputs: { ...inputs, payload } }),
      runAction({ inputs, event: { inputs: { payload } } }),
      runAction({ inputs, event: { action: 'deploy-model', client_payload: body } }),
    ])
    for (const { outputs, stdout } of runs) {
      expect(outputs).toMatchObject(STAGED)
      expect(outputs['subject-key']).toMatch(/^[0-9a-f]{32}$/)
      expect(stdout).not.toContain('::')
    }
  })

  it('is understood where only its flat fields were passed on', async () => {
    const { event, webhook_id: _id, ...fields } = body
    const client_payload = { event_type: event, ...fields }
    const { outputs } = await runAction({ inputs, event: { action: 'deploy-model', client_payload } })
    expect(outputs).toMatchObject(STAGED)
  })

  it('is a test where Databricks calls it one', async () => {
    const payload = JSON.stringify(
      jsonFixture('payloads', 'databricks', 'REGISTERED_MODEL_CREATED.test.json'),
    )
    const { outputs } = await runAction({ inputs: { payload } })
    expect(outputs).toMatchObject({
      matched: 'false',
      reason: 'test',
      'is-test': 'true',
      source: 'databricks',
    })
  })

  it('keeps the name of an event that is not known', async () => {
    const payload = JSON.stringify({ ...body, event: 'MODEL_VERSION_DELETED' })
    const { outputs } = await runAction({ inputs: { payload } })
    expect(outputs).toMatchObject({ matched: 'true', event: 'MODEL_VERSION_DELETED', kind: 'other' })
  })
})
