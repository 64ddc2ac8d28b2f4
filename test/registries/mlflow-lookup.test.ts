import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { MLFLOW_START_MS, startMlflow, type MlflowServer } from './mlflow-server.ts'
import { hasPython } from './python.ts'

const SECRET = 'mlflow-signing-secret-of-the-tests'
const config = (url: string) => `version: 1
sources:
  mlflow:
    type: mlflow
    secrets: ['\${env:MLFLOW_SECRET}']
    lookup: { mode: required, base_url: '${url}' }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-what-is-good
    events: [alias.added]
    filter: { alias: production }
    if: 'event.metadata.metrics.accuracy > 0.9 && event.metadata.params.depth == "50"'
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`

/** How long MLflow may take to send what it was asked to, in ms. */
const SOON = { timeout: 60_000 }

const runs = hasPython("the test of look-ups in MLflow's own server")

describe.runIf(runs)("a look-up in MLflow's own server", () => {
  let mlflow: MlflowServer
  let scene: Scene
  beforeAll(async () => {
    mlflow = await startMlflow()
    scene = await startScene({
      config: config(mlflow.url),
      env: { MLFLOW_SECRET: SECRET, OUTBOUND_ALLOW_HTTP: 'true', OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8' },
    })
    const url = `${scene.receiver.url}/webhooks/mlflow`
    await mlflow.addWebhook({ url, secret: SECRET, events: ['model_version_alias.created'] })
    await mlflow.api('registered-models/create', { name: 'resnet50' })
  }, MLFLOW_START_MS)
  afterAll(async () => {
    await scene.close()
    await mlflow.close()
  })

  /** Logs a run and registers a version of it. */
  async function addVersion(accuracy: number): Promise<{ run_id: string; experiment_id: string }> {
    const { experiment_id } = (await mlflow.api('experiments/create', { name: `try-${accuracy}` })) as {
      experiment_id: string
    }
    const { run } = (await mlflow.api('runs/create', { experiment_id, run_name: 'bright-sun' })) as {
      run: { info: { run_id: string } }
    }
    const { run_id } = run.info
    await mlflow.api('runs/log-metric', { run_id, key: 'accuracy', value: accuracy, timestamp: 1, step: 0 })
    await mlflow.api('runs/log-parameter', { run_id, key: 'depth', value: '50' })
    await mlflow.api('runs/set-tag', { run_id, key: 'git', value: 'abc123' })
    const source = `models:/resnet50-${accuracy}`
    await mlflow.api('model-versions/create', {
      name: 'resnet50',
      source: 's3://models/resnet50',
      run_id,
      description: source,
    })
    return { run_id, experiment_id }
  }

  /** Gives a version the alias production. Returns the event of that, once its look-up is over. */
  async function promote(version: string): Promise<Record<string, never>> {
    await mlflow.api('registered-models/alias', { name: 'resnet50', alias: 'production', version })
    const event = async () => {
      const { body } = await scene.receiver.api('/api/v1/events?source=mlflow')
      const items = body['items'] as { status: string; event: { model: { version: string } } }[]
      return items.find((item) => item.status !== 'enriching' && item.event.model.version === version)
    }
    await expect.poll(event, SOON).toBeDefined()
    return (await event()) as unknown as Record<string, never>
  }

  it('finds the metrics, params and tags of the run, its experiment and the aliases', async () => {
    const { run_id, experiment_id } = await addVersion(0.95)
    await mlflow.api('model-versions/set-tag', {
      name: 'resnet50',
      version: '1',
      key: 'approved',
      value: 'yes',
    })
    expect(await promote('1')).toMatchObject({
      status: 'matched',
      event: {
        model: { url: `${mlflow.url}/#/models/resnet50/versions/1` },
        metadata: {
          metrics: { accuracy: 0.95 },
          params: { depth: '50' },
          tags: { approved: 'yes' },
          experiment_id,
        },
        run: { id: run_id, name: 'bright-sun', experiment_id, tags: { git: 'abc123' } },
        extra: {
          lookup: { aliases: ['production'], tags: ['approved=yes'], source: 's3://models/resnet50' },
        },
      },
    })
    await expect.poll(() => scene.github.dispatches, SOON).toHaveLength(1)
  })

  it('keeps a version from being deployed whose metrics are not good enough', async () => {
    await addVersion(0.5)
    expect(await promote('2')).toMatchObject({
      status: 'unmatched',
      event: { metadata: { metrics: { accuracy: 0.5 } }, change: { previous_version: '1' } },
    })
    expect(scene.github.dispatches).toHaveLength(1)
  })
})
