import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { pushMutation, wandbLaunch } from '../../receiver/destinations/wandb-launch.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { patience } from '../github/connections.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { senderOf, target } from './context.ts'
import { delivery } from './event.ts'

const KEYS = {
  type: 'wandb_launch',
  api_key: '${env:WANDB_API_KEY}',
  queue_entity: 'my-team',
  queue: 'gpu-queue',
  entity: 'my-team',
  project: 'Model-Eval',
  job: 'my-team/my-project/eval-job:latest',
  overrides: { run_config: { model: '${artifact_version}' } },
  priority: 2,
}
const env = { WANDB_API_KEY: 'the-api-key-of-a-service-account' }
const QUEUED = '{"data":{"pushToRunQueueByName":{"runQueueItemId":"UnVuUXVldWVJdGVtOjE="}}}'

interface Pushed {
  operationName: string
  query: string
  variables: JsonObject
}

/** Pushes to a stand-in W&B that answers each request in turn; returns the attempt and what arrived. */
async function push(answers: [status: number, body: string, headers?: Record<string, string>][], given = {}) {
  const there = await target()
  const left = [...answers]
  there.answer((response) => {
    const [status, body, headers = {}] = left.shift() ?? [500, '']
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  const keys = { ...KEYS, base_url: there.url, ...given }
  const result = await senderOf('wandb_launch', { env }).send(delivery(keys), patience())
  const pushed = there.arrived.map(({ body }) => JSON.parse(body.toString()) as Pushed)
  return { result, pushed, arrived: there.arrived }
}

const SCHEMA = readFileSync(new URL('../fixtures/schemas/wandb/launch.graphql', import.meta.url), 'utf8')
/** The schema of servers that know no priority. */
const OLD_SCHEMA =
  SCHEMA.slice(0, SCHEMA.indexOf('  # newer servers')) + SCHEMA.slice(SCHEMA.indexOf('}\n\ntype PushTo'))

describe('a push to a W&B Launch queue', () => {
  it('holds the job, where it runs and what it is given, and the item is on the attempt', async () => {
    const { result, pushed, arrived } = await push([[200, QUEUED]])
    expect(arrived[0]).toMatchObject({
      method: 'POST',
      path: '/graphql',
      headers: { authorization: `Basic ${Buffer.from(`api:${env.WANDB_API_KEY}`).toString('base64')}` },
    })
    const expected = jsonFixture('requests', 'wandb', 'gql-vars-push-to-run-queue-by-name.json')
    const { entityName, projectName, queueName, priority } = expected
    expect(pushed[0]?.variables).toMatchObject({ entityName, projectName, queueName, priority })
    const { name: _, resource: __, ...spec } = jsonFixture('requests', 'wandb', 'launch-run-spec.json')
    expect(JSON.parse(pushed[0]?.variables['runSpec'] as string)).toEqual({ ...spec, resource: null })
    expect(result).toMatchObject({
      class: 'success',
      message: 'The job is in the queue as item UnVuUXVldWVJdGVtOjE=.',
    })
    expect(JSON.stringify(result)).not.toContain(env.WANDB_API_KEY)
  })

  it('is of W&B’s schema, with and without priority', () => {
    const faults = (schema: string, text: string) =>
      validate(buildSchema(schema), parse(text)).map(({ message }) => message)
    expect(faults(SCHEMA, pushMutation(true))).toEqual([])
    expect(faults(SCHEMA, pushMutation(false))).toEqual([])
    expect(faults(OLD_SCHEMA, pushMutation(false))).toEqual([])
    expect(faults(OLD_SCHEMA, pushMutation(true))).not.toEqual([])
  })

  it('leaves priority out where the server does not know it, in the same attempt', async () => {
    const errors = validate(buildSchema(OLD_SCHEMA), parse(pushMutation(true))).map(({ message }) => ({
      message,
    }))
    const { result, pushed } = await push([
      [400, JSON.stringify({ errors })],
      [200, QUEUED],
    ])
    expect(result.class).toBe('success')
    expect(pushed.map(({ variables }) => variables['priority'])).toEqual([2, undefined])
    expect(pushed[1]?.query).not.toContain('priority')
  })

  it('names no priority where none is set', async () => {
    const { pushed } = await push([[200, QUEUED]], { priority: null })
    expect(pushed[0]?.variables).not.toHaveProperty('priority')
  })
})

describe('an answer of W&B', () => {
  const errors = (message: string) => JSON.stringify({ errors: [{ message }], data: null })

  it.each([
    [200, '{"data":{"pushToRunQueueByName":null}}', 'permanent', 'Create the queue'],
    [200, errors('could not find run queue gpu-queue'), 'permanent', 'Create the queue'],
    [200, errors('permission denied'), 'permanent', 'access'],
    [403, '', 'permanent', 'access'],
    [401, '', 'credentials', 'Replace the key'],
    [200, errors('user is not logged in'), 'credentials', 'Replace the key'],
    [200, errors('invalid runSpec'), 'permanent', 'Correct what it names'],
    [429, '', 'limited', 'go on'],
    [200, errors('rate limit exceeded'), 'limited', 'go on'],
    [200, '<html>', 'ambiguous', '`base_url`'],
    [502, '', 'ambiguous', 'by itself'],
  ])('%i %s is %s', async (status, body, meaning, fix) => {
    const { result } = await push([[status, body]])
    expect(result).toMatchObject({ class: meaning, status, fix: expect.stringContaining(fix) as string })
  })

  it('makes the host wait until its limit is reset', async () => {
    const { result } = await push([[429, '', { 'ratelimit-reset': '17' }]])
    expect(result.retry_after_ms).toBe(17_000)
  })
})

describe('the settings of wandb_launch', () => {
  it.each(['evaluate', 'my-team/jobs/evaluate', 'a/b/c:d e'])('refuse the job %j', (job) => {
    expect(wandbLaunch.settings.safeParse({ ...KEYS, job }).success).toBe(false)
  })

  it('have overrides that are a template: an unknown word is refused', () => {
    const settings = wandbLaunch.settings.parse({
      ...KEYS,
      overrides: { run_config: { model: '${artefact}' } },
    })
    const problems = wandbLaunch.check(settings, { connections: new Map(), checkUrl: () => null })
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['overrides'])
  })
})
