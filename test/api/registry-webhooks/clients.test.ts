import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPython, pythonProgram } from '../../registries/python.ts'
import { jsonFixture } from '../../sources/fixtures.ts'
import { ADMIN_TOKEN } from '../../support/receiver-process.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const PYTHON = hasPython("Databricks' clients of registry webhooks")

/** Runs one of the scripts beside this file; returns what it saw. */
async function run(python: string, script: string, args: string[], env: Record<string, string> = {}) {
  const file = join(import.meta.dirname, script)
  const options = { env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env }, timeout: 60_000 }
  const { stdout } = await promisify(execFile)(pythonProgram(python), [file, ...args], options)
  return JSON.parse(stdout) as Record<string, never>
}

describe("D6: Databricks' Python client (databricks-registry-webhooks 0.1.2)", () => {
  it.runIf(PYTHON)(
    'does everything of the document, unmodified',
    async () => {
      const endpoint = `${world.endpoint.url}/python`
      const workspace = 'https://my-databricks-workspace.com'
      const env = { DATABRICKS_HOST: world.scene.receiver.url, DATABRICKS_TOKEN: ADMIN_TOKEN }
      const steps = (await run(
        '../registry-webhooks/bin/python',
        'client.py',
        [endpoint, workspace],
        env,
      )) as Record<string, never> & { created: { id: string }; job: { id: string } }
      const { created, job } = steps
      const webhook = {
        id: created.id,
        events: ['MODEL_VERSION_CREATED'],
        status: 'TEST_MODE',
        description: 'Slack notifications',
        model_name: '<model-name>',
        created: expect.any(Number) as number,
        updated: expect.any(Number) as number,
        http: { url: endpoint, secret: null, authorization: null, verified: false },
        job: null,
      }
      expect(created).toEqual(webhook)
      expect(steps['tested']).toEqual({ status_code: 200, body: 'ok' })
      expect(steps['updated']).toEqual({ ...webhook, status: 'ACTIVE' })
      expect(job).toMatchObject({
        http: null,
        job: { job_id: '1', workspace_url: workspace, access_token: '' },
      })
      expect(steps['listed']).toEqual([{ ...webhook, status: 'ACTIVE' }, job])
      expect(steps['listed_by_event']).toEqual([job.id])
      expect(steps['left']).toEqual([job.id])
      expect(steps['missing']).toMatch(/RESOURCE_DOES_NOT_EXIST/)
      await world.call('DELETE', `delete?id=${job.id}`)
    },
    120_000,
  )
})

describe("D6: Databricks' SDK for Python", () => {
  it.runIf(PYTHON)(
    'does every call, in pages too',
    async () => {
      const endpoint = `${world.endpoint.url}/sdk`
      const steps = await run('python', 'sdk.py', [world.scene.receiver.url, ADMIN_TOKEN, endpoint])
      expect(steps).toEqual({
        created: {
          id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
          creation_timestamp: expect.any(Number) as number,
          last_updated_timestamp: expect.any(Number) as number,
          status: 'TEST_MODE',
          events: ['MODEL_VERSION_CREATED'],
          model_name: 'one',
          http_url_spec: { url: endpoint, enable_ssl_verification: false },
        },
        tested: { status_code: 200, body: 'ok' },
        updated: expect.objectContaining({ status: 'ACTIVE' }) as object,
        paged: ['one', 'two', 'three'],
        filtered: [expect.any(String)],
        left: 0,
        missing: 'RESOURCE_DOES_NOT_EXIST',
      })
    },
    120_000,
  )
})

describe("D6: Terraform's databricks_mlflow_webhook", () => {
  it.each(['url', 'job'])(
    'creates a %s webhook, finds it again without a difference, and deletes it',
    async (kind) => {
      const sent = jsonFixture('databricks-api', `terraform.create.${kind}.request.json`)
      const created = await world.call('POST', 'create', sent)
      expect(created.status, created.text).toBe(200)
      const { id } = created.body['webhook'] as { id: string }
      // No get: the provider lists everything, and looks for the id.
      const { body } = await world.call('GET', 'list?')
      const found = (body['webhooks'] as { id: string }[]).find((one) => one.id === id)
      const { http_url_spec, job_spec, ...rest } = sent as Record<string, Record<string, unknown>>
      expect(found).toMatchObject(rest)
      if (http_url_spec !== undefined)
        expect(found).toHaveProperty('http_url_spec', {
          url: http_url_spec['url'],
          enable_ssl_verification: true,
        })
      if (job_spec !== undefined)
        expect(found).toHaveProperty('job_spec', {
          job_id: job_spec['job_id'],
          workspace_url: job_spec['workspace_url'],
        })
      const update =
        kind === 'job' ? jsonFixture('databricks-api', 'terraform.update.job.request.json') : sent
      const updated = await world.call('PATCH', 'update', { ...update, id })
      expect(updated.body['webhook'], updated.text).toMatchObject({
        ...found,
        last_updated_timestamp: expect.any(Number) as number,
      })
      const deleted = await world.call('DELETE', `delete?id=${id}`)
      expect({ status: deleted.status, text: deleted.text }).toEqual({ status: 200, text: '{}' })
    },
  )
})
