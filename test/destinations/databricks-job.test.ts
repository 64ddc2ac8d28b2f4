import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { databricksJob } from '../../receiver/destinations/databricks-job.ts'
import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import { patience } from '../github/connections.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { senderOf, target } from './context.ts'
import { aliasEvent, delivery } from './event.ts'
import { eventOf } from './messages.ts'

const KEYS = { type: 'databricks_job', job_id: 1234567890, access_token: '${env:DATABRICKS_TOKEN}' }
const env = { DATABRICKS_TOKEN: 'dapi-the-access-token' }

/** Runs a job at a stand-in workspace that answers as told; returns the attempt and what arrived. */
async function run(
  given: Record<string, unknown> = {},
  input: { event?: ModelEvent; redelivery?: number } = {},
  answer: { status?: number; body?: string; headers?: Record<string, string> } = {},
) {
  const there = await target()
  const { status = 200, body = '{"run_id":455644833,"number_in_job":455644833}', headers = {} } = answer
  there.answer((response) => response.writeHead(status, headers).end(body))
  const keys = { ...KEYS, workspace_url: there.url, ...given }
  const result = await senderOf('databricks_job', { env }).send(delivery(keys, input), patience())
  const [arrival] = there.arrived
  return { result, arrival, body: JSON.parse(arrival?.body.toString() ?? 'null') as JsonObject }
}

/** The event in one of the parameters. */
function messageIn(body: JsonObject): JsonObject {
  const { event_message } = body['job_parameters'] as { event_message: string }
  return JSON.parse(event_message) as JsonObject
}

describe('a run of a Databricks job', () => {
  it('is started by run-now 2.2 with the token, and its number is on the attempt', async () => {
    const { result, arrival } = await run()
    expect(arrival).toMatchObject({
      method: 'POST',
      path: '/api/2.2/jobs/run-now',
      headers: { authorization: `Bearer ${env.DATABRICKS_TOKEN}`, 'content-type': 'application/json' },
    })
    expect(result).toMatchObject({ class: 'success', message: 'Run 455644833 has started.' })
    expect(JSON.stringify(result)).not.toContain(env.DATABRICKS_TOKEN)
  })

  it('keeps every digit of a large number, of the run and of the job', async () => {
    const large = '9223372036854775807'
    const { result, body } = await run({ job_id: large }, {}, { body: `{"run_id":${large}}` })
    expect(result.message).toBe(`Run ${large} has started.`)
    expect(body['job_id']).toBe(large)
  })

  it.each([
    ['notebook', 'job.run-now.notebook.json'],
    ['python', 'job.run-now.python-jar-spark-submit.json'],
    ['none', 'job.run-now.other.json'],
    ['multi_task', 'job.run-now.multi-task.json'],
  ])('with parameters: %s has the shape of the document', async (parameters, name) => {
    const { body } = await run({ parameters })
    const { idempotency_token, ...rest } = body
    const shape = JSON.stringify(rest).replaceAll(/"\{(?:[^"\\]|\\.)*\}"/g, '"<Webhook Payload>"')
    expect(JSON.parse(shape)).toEqual(jsonFixture('requests', 'databricks', name))
    expect(idempotency_token).toMatch(/^[0-9a-f]{64}$/)
  })

  it('has one token for all attempts of a delivery, and another one after a redelivery', async () => {
    const token = async (redelivery: number) => (await run({}, { redelivery })).body['idempotency_token']
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    expect([await token(0), await token(0), await token(1)]).toEqual([
      sha256('dlv_1.0'),
      sha256('dlv_1.0'),
      sha256('dlv_1.1'),
    ])
  })
})

describe('the event that a job gets', () => {
  it('has the fields of Databricks’ own webhooks, and the whole event', async () => {
    const event = aliasEvent()
    expect(messageIn((await run()).body)).toEqual({
      event: 'ADD_ARTIFACT_ALIAS',
      event_timestamp: Date.parse(event.received_at),
      model_name: 'resnet50',
      version: event.model?.version,
      alias: 'production',
      text: event.title,
      delivery_id: 'dlv_1',
      model_event: event,
    })
  })

  it('says what was left out where the whole does not fit', async () => {
    const large = { ...aliasEvent(), metadata: { notes: 'x'.repeat(9_900) } }
    const message = messageIn((await run({}, { event: large })).body)
    expect(message).toMatchObject({
      model_event: { metadata: {} },
      truncated: ['model_event.metadata', 'model_event.extra'],
    })
  })

  it('is ASCII and within 10,000 bytes of each parameter, whatever the event holds', () => {
    const long = fc.constantFrom('界'.repeat(3_000), '"'.repeat(9_000), '\\'.repeat(5_000), '😀'.repeat(800))
    const sender = senderOf('databricks_job', { env })
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), long), (text) => {
        const keys = { ...KEYS, workspace_url: 'https://x.cloud.databricks.com', parameters: 'multi_task' }
        const { body } = sender.render(delivery(keys, { event: eventOf(text), flat: { text } }))
        const { job_id: _, idempotency_token: __, ...parameters } = body
        for (const each of Object.values(parameters)) {
          const sent = JSON.stringify(each)
          expect(sent).toMatch(/^[\x20-\x7e]*$/)
          expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(10_000)
          const [message = ''] = Array.isArray(each) ? each : Object.values(each as JsonObject)
          expect(() => void JSON.parse(message as string)).not.toThrow()
        }
      }),
    )
  })
})

describe('an answer of Databricks', () => {
  const error = (error_code: string, message: string) => JSON.stringify({ error_code, message })

  it.each([
    [400, error('INVALID_PARAMETER_VALUE', 'Job 1 does not exist.'), 'permanent', '`job_id`'],
    [404, error('RESOURCE_DOES_NOT_EXIST', 'No job'), 'permanent', '`job_id`'],
    [403, error('PERMISSION_DENIED', 'User lacks Can Manage Run'), 'permanent', 'Can Manage Run'],
    [403, 'Invalid access token.', 'credentials', 'Replace the token'],
    [401, '', 'credentials', 'Replace the token'],
    [400, error('INVALID_PARAMETER_VALUE', 'notebook_params not allowed'), 'permanent', '`parameters`'],
    [
      400,
      error('INVALID_STATE', 'There were already 1000 jobs created in past 3600 seconds'),
      'limited',
      'go on',
    ],
    [429, error('REQUEST_LIMIT_EXCEEDED', 'slow down'), 'limited', 'go on'],
    [400, error('RESOURCE_EXHAUSTED', 'quota'), 'limited', 'go on'],
    [503, error('TEMPORARILY_UNAVAILABLE', 'later'), 'ambiguous', 'by itself'],
    [500, error('INTERNAL_ERROR', 'x'), 'ambiguous', 'by itself'],
    [200, '<html>sign in</html>', 'ambiguous', '`workspace_url`'],
  ])('%i %s is %s', async (status, body, meaning, fix) => {
    const { result } = await run({}, {}, { status, body })
    expect(result).toMatchObject({ class: meaning, status, fix: expect.stringContaining(fix) as string })
  })

  it('makes the whole workspace wait as long as it asks', async () => {
    const answer = { status: 429, body: '', headers: { 'retry-after': '7' } }
    expect((await run({}, {}, answer)).result.retry_after_ms).toBe(7_000)
    const sender = senderOf('databricks_job', { env })
    const at = (job_id: number) =>
      sender.target(delivery({ ...KEYS, job_id, workspace_url: 'https://x.cloud.databricks.com' }))
    expect(at(1).lane).toBe(at(2).lane)
    expect(at(1).listener).not.toBe(at(2).listener)
    expect(at(1).target).toBe('https://x.cloud.databricks.com/ job 1')
  })
})

describe('the settings of databricks_job', () => {
  it.each(['x', '-1', '1.5', 0, -3, 1.5, ''])('refuse the job id %j', (job_id) => {
    const given = { ...KEYS, job_id, workspace_url: 'https://x.example' }
    expect(databricksJob.settings.safeParse(given).success).toBe(false)
  })

  it('refuse an address with a path, and say what to write', () => {
    const given = { ...KEYS, workspace_url: 'https://x.example/jobs/1' }
    const settings = databricksJob.settings.parse(given)
    expect(databricksJob.check(settings, { connections: new Map(), checkUrl: () => null })).toEqual([
      {
        path: ['workspace_url'],
        message: 'has a path, and only the address of the workspace is wanted',
        fix: 'Write https://x.example.',
      },
    ])
  })
})
