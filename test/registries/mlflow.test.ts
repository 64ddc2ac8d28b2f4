import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AcceptedDispatch } from '../standins/github/stand-in.ts'
import { runAction } from '../support/run-action.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { MLFLOW_START_MS, startMlflow, type MlflowServer } from './mlflow-server.ts'
import { hasPython } from './python.ts'

const SECRET = 'mlflow-signing-secret-of-the-tests'
const CONFIG = `version: 1
sources:
  mlflow: { type: mlflow, secrets: ['\${env:MLFLOW_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: everything
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`
const EVENTS = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
]

/** How long MLflow may take to send what it was asked to, in ms. */
const SOON = { timeout: 60_000 }

const runs = hasPython("the test of MLflow's own server")

describe.runIf(runs)("MLflow's own server", () => {
  let mlflow: MlflowServer
  let scene: Scene
  let webhook: string
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { MLFLOW_SECRET: SECRET } })
    mlflow = await startMlflow()
    const url = `${scene.receiver.url}/webhooks/mlflow`
    webhook = await mlflow.addWebhook({ url, secret: SECRET, events: EVENTS })
  }, MLFLOW_START_MS)
  afterAll(async () => {
    await mlflow.close()
    await scene.close()
  })

  /** The dispatch of a type, once it has arrived; its `n`th, from 0. */
  async function dispatchOf(type: string, n = 0): Promise<AcceptedDispatch> {
    const found = () => scene.github.dispatches.filter(({ event_type }) => event_type === type)[n]
    await expect.poll(found, SOON).toBeDefined()
    const dispatch = found()
    if (dispatch === undefined) throw new Error('it was not dispatched')
    return dispatch
  }

  /** What the committed Action makes of a dispatch. */
  async function outputsOf({ event_type, client_payload }: AcceptedDispatch) {
    const { exit_code, outputs, stdout } = await runAction({ event: { action: event_type, client_payload } })
    expect(exit_code, stdout).toBe(0)
    return outputs
  }

  it('tells of a new model', async () => {
    await mlflow.api('registered-models/create', { name: 'resnet50', description: 'Sorts pictures.' })
    expect(await outputsOf(await dispatchOf('registered_model.created'))).toMatchObject({
      ...{ matched: 'true', event: 'registered_model.created', kind: 'model.created', model: 'resnet50' },
    })
  })

  it('tells of each new version', async () => {
    for (const version of ['1', '2']) {
      await mlflow.api('model-versions/create', { name: 'resnet50', source: 's3://models/resnet50' })
      const dispatch = await dispatchOf('model_version.created', Number(version) - 1)
      expect(await outputsOf(dispatch)).toMatchObject({
        ...{ matched: 'true', kind: 'version.created', model: 'resnet50', version },
        'is-version-created': 'true',
      })
    }
  })

  it('tells of an alias, and of its end', async () => {
    await mlflow.api('registered-models/alias', { name: 'resnet50', alias: 'production', version: '2' })
    expect(await outputsOf(await dispatchOf('model_version_alias.created'))).toMatchObject({
      ...{ kind: 'alias.added', model: 'resnet50', version: '2', alias: 'production', 'is-alias': 'true' },
    })
    await mlflow.api('registered-models/alias', { name: 'resnet50', alias: 'production' }, 'DELETE')
    expect(await outputsOf(await dispatchOf('model_version_alias.deleted'))).toMatchObject({
      ...{ kind: 'alias.removed', model: 'resnet50', alias: 'production', 'is-alias-removed': 'true' },
    })
  })

  it('tells of a tag, and of its end', async () => {
    const tag = { name: 'resnet50', version: '2', key: 'approved' }
    await mlflow.api('model-versions/set-tag', { ...tag, value: 'yes' })
    expect(await outputsOf(await dispatchOf('model_version_tag.set'))).toMatchObject({
      ...{ kind: 'tag.added', model: 'resnet50', version: '2', tag: 'approved=yes', 'is-tag': 'true' },
    })
    await mlflow.api('model-versions/delete-tag', tag, 'DELETE')
    expect(await outputsOf(await dispatchOf('model_version_tag.deleted'))).toMatchObject({
      ...{ kind: 'tag.removed', model: 'resnet50', version: '2', tag: 'approved', 'is-tag-removed': 'true' },
    })
  })

  it('sends its own test, which starts nothing', async () => {
    const { result } = await mlflow.api(`webhooks/${webhook}/test`, {
      event: { entity: 'MODEL_VERSION', action: 'CREATED' },
    })
    expect(result).toMatchObject({ success: true, response_status: 202 })
    const { body } = await scene.receiver.api('/api/v1/events?source=mlflow&type=model_version.created')
    const tests = (body['items'] as { status: string; event: { test: boolean } }[]).filter(
      ({ event }) => event.test,
    )
    expect(tests.map(({ status }) => status)).toEqual(['unmatched'])
  })

  it('is believed in every request: none was refused, and none came twice', () => {
    expect(scene.receiver.logged('request refused: 401')).toEqual([])
    expect(scene.receiver.logged('event accepted')).toHaveLength(8)
    expect(scene.github.dispatches).toHaveLength(7)
    expect(scene.github.violations).toEqual([])
  })
})
