import { buildSchema, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { VIEWER_QUERY } from '../../receiver/destinations/wandb-launch.ts'
import { patience } from '../github/connections.ts'
import { fixture } from '../sources/fixtures.ts'
import { senderOf, target } from './context.ts'
import { delivery } from './event.ts'

const JOB = { type: 'databricks_job', job_id: 42, access_token: '${env:TOKEN}' }
const LAUNCH = {
  type: 'wandb_launch',
  api_key: '${env:TOKEN}',
  queue_entity: 'my-team',
  queue: 'gpu',
  entity: 'my-team',
  project: 'eval',
  job: 'my-team/jobs/evaluate:latest',
}
const env = { TOKEN: 'the-secret-token-of-this-test' }

async function ask(keys: { type: string }, answer: { status?: number; body?: string } = {}) {
  const there = await target()
  const { status = 200, body = '{}' } = answer
  there.answer((response) => response.writeHead(status).end(body))
  const address = keys.type === 'databricks_job' ? { workspace_url: there.url } : { base_url: there.url }
  const found = await senderOf(keys.type, { env }).access?.(delivery({ ...keys, ...address }), patience())
  expect(JSON.stringify(found)).not.toContain(env.TOKEN)
  return { found, arrived: there.arrived }
}

describe('The question whether a Databricks job would run', () => {
  it('is put to jobs/get with the token, and starts nothing', async () => {
    const { found, arrived } = await ask(JOB, { body: '{"job_id":42}' })
    expect(found).toEqual({
      allowed: null,
      status: 200,
      message: 'The token may see job 42. Only a run shows whether it may run it, too.',
      fix: '',
    })
    expect(arrived.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/2.2/jobs/get?job_id=42',
    ])
    expect(arrived[0]?.headers.authorization).toBe(`Bearer ${env.TOKEN}`)
  })

  it('is answered with no where the token is refused', async () => {
    const { found } = await ask(JOB, { status: 403, body: '{"error_code":"PERMISSION_DENIED"}' })
    expect(found).toMatchObject({ allowed: false, status: 403 })
    expect(found?.fix).not.toBe('')
  })

  it('stays open where the workspace has trouble, and where the secret is missing says which', async () => {
    expect((await ask(JOB, { status: 503 })).found).toMatchObject({ allowed: null, status: 503 })
    const keys = { ...JOB, workspace_url: 'https://dbc.example.com' }
    expect(await senderOf('databricks_job').access?.(delivery(keys), patience())).toMatchObject({
      allowed: false,
      message: 'The variable TOKEN is not set.',
    })
  })
})

describe('The question whether W&B would take a job', () => {
  it('asks who the key belongs to, in words of its schema', async () => {
    const { found, arrived } = await ask(LAUNCH, { body: '{"data":{"viewer":{"username":"jane"}}}' })
    expect(found).toMatchObject({ allowed: null, status: 200 })
    expect(JSON.parse(arrived[0]?.body.toString() ?? '')).toMatchObject({ query: VIEWER_QUERY })
    const schema = buildSchema(fixture('schemas', 'wandb', 'launch.graphql').toString())
    expect(validate(schema, parse(VIEWER_QUERY))).toEqual([])
  })

  it('is answered with no where W&B does not know the key', async () => {
    const { found } = await ask(LAUNCH, { body: '{"data":{"viewer":null}}' })
    expect(found).toMatchObject({ allowed: false, message: 'W&B does not know the key.' })
  })
})
