import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, describe } from 'vitest'
import { ADMIN_TOKEN } from '../../support/receiver-process.ts'
import { fixture, jsonFixture } from '../../sources/fixtures.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/** The curl calls of the document, by the heading that each stands under. */
const CALLS = new Map(
  fixture('databricks-api', 'curl.txt')
    .toString()
    .split(/^# /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return [part.slice(0, end), part.slice(end + 1)] as const
    }),
)

/** Runs a call of the document by curl, its placeholders filled; returns what was answered. */
async function run(name: string, id: string): Promise<Record<string, unknown>> {
  const command = (CALLS.get(name) ?? '')
    .replace(/^\$ curl/, 'curl --silent')
    .replaceAll('<access-token>', ADMIN_TOKEN)
    .replaceAll('https://<databricks-instance>', world.scene.receiver.url)
    .replaceAll('https://hooks.slack.com/services/...', `${world.endpoint.url}/services`)
    .replaceAll('1234567890', id)
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { timeout: 20_000 })
  return JSON.parse(stdout) as Record<string, unknown>
}

interface Webhook {
  webhook: { id: string }
}

/** The example of the document with what only this receiver can know. */
function documented(file: string, id: string): object {
  const { webhook } = jsonFixture('databricks-api', file) as unknown as { webhook: Record<string, unknown> }
  const url = `${world.endpoint.url}/services`
  const spec =
    webhook['http_url_spec'] === undefined ? {} : { http_url_spec: { url, enable_ssl_verification: true } }
  const time = expect.any(Number) as number
  return { webhook: { ...webhook, ...spec, id, creation_timestamp: time, last_updated_timestamp: time } }
}

describe("D6: the curl calls of Databricks' documentation, one after another,", () => {
  it('are answered as the document says', async () => {
    const created = await run('create', '')
    const { id } = (created as unknown as Webhook).webhook
    expect(created).toMatchObject(documented('create.http.response.json', id))
    world.endpoint.answer((response) => response.end('OK'))
    for (const form of ['guide', 'sdk-lt-0.74', 'sdk-ge-0.74'])
      expect(await run('test', id)).toMatchObject(jsonFixture('databricks-api', `test.response.${form}.json`))
    expect(await run('update', id)).toMatchObject(documented('update.response.json', id))
    const job = await run('create job', '')
    expect(job).toMatchObject(documented('create.job.response.json', (job as unknown as Webhook).webhook.id))
    expect(((await run('list', ''))['webhooks'] as { id: string }[]).map((one) => one.id)).toEqual([
      id,
      (job as unknown as Webhook).webhook.id,
    ])
    expect(await run('delete', id)).toEqual(jsonFixture('databricks-api', 'delete.response.json'))
    expect(await run('delete', id)).toMatchObject({ error_code: 'RESOURCE_DOES_NOT_EXIST' })
  })
})
