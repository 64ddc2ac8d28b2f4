import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { sendDatabricks } from '../../support/send.ts'
import { startWorld, TOKENS, type Shown, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

describe('The test of a registry webhook (D7)', () => {
  it("returns the endpoint's status and body in the three forms that clients read", async () => {
    const webhook = await world.create({
      status: 'TEST_MODE',
      model_name: 'resnet50',
      http_url_spec: world.spec('/try'),
    })
    world.endpoint.answer((response) => response.writeHead(202).end('taken'))
    const { status, body } = await world.call('POST', 'test', { id: webhook.id })
    world.endpoint.answer((response) => response.end('ok'))
    expect(status).toBe(200)
    expect(body).toEqual({
      status: 202,
      status_code: 202,
      body: 'taken',
      webhook: { status_code: 202, body: 'taken' },
    })
    const { id: webhook_id } = webhook
    expect(world.arrivedAt('/try')).toMatchObject([
      {
        event: 'MODEL_VERSION_CREATED',
        webhook_id,
        model_name: 'resnet50',
        text: `A test webhook trigger for registered model 'resnet50' created for webhook ${webhook_id}.`,
      },
    ])
    // TEST_MODE fires only so.
    const real = { event: 'MODEL_VERSION_CREATED', model_name: 'resnet50', version: '1' }
    expect((await sendDatabricks(world.scene.receiver.url, real)).body['matched']).toEqual([])
    await world.remove(webhook)
  })

  it('says what keeps the endpoint from answering', async () => {
    const webhook = await world.create({
      http_url_spec: { ...world.spec(), url: 'https://127.0.0.1:1/none' },
    })
    const { status, body } = await world.call('POST', 'test', { id: webhook.id })
    expect({ status, code: body['error_code'] }).toEqual({ status: 400, code: 'BAD_REQUEST' })
    expect(body['message']).toMatch(/127\.0\.0\.1/)
    await world.remove(webhook)
  })

  it('starts a job only where it is told to', async () => {
    world.endpoint.answer((response, { path }) =>
      response.end(path.includes('run-now') ? '{"run_id":7}' : '{"job_id":1}'),
    )
    const job_spec = { job_id: 1, workspace_url: world.endpoint.url, access_token: 'dapi-of-this-test' }
    const webhook = await world.create({ http_url_spec: undefined, job_spec })
    expect(webhook['job_spec']).toEqual({ job_id: '1', workspace_url: world.endpoint.url })
    const asked = await world.call('POST', 'test', { id: webhook.id })
    expect(asked.body).toMatchObject({
      status_code: 200,
      body: expect.stringMatching(/was not started/) as string,
    })
    const sent = await world.call('POST', 'test', { id: webhook.id, send: true })
    expect(sent.body).toMatchObject({ status_code: 200, body: '{"run_id":7}' })
    const paths = world.endpoint.arrived.map(({ method, path }) => `${method} ${path}`)
    expect(paths.slice(-2)).toEqual(['GET /api/2.2/jobs/get?job_id=1', 'POST /api/2.2/jobs/run-now'])
    const run = JSON.parse(world.endpoint.arrived.at(-1)?.body.toString() ?? '') as {
      notebook_params: { event_message: string }
    }
    const { event_message } = run.notebook_params
    expect(JSON.parse(event_message)).toMatchObject({
      event: 'MODEL_VERSION_CREATED',
      webhook_id: webhook.id,
    })
    expect(asked.text + sent.text).not.toContain('dapi-of-this-test')
    world.endpoint.answer((response) => response.end('ok'))
    await world.remove(webhook)
  })
})

describe('Requests of every client', () => {
  it('are read whatever their Content-Type, with bodies on GET and DELETE, and with fields that nobody knows', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = JSON.stringify({
      events: ['COMMENT_CREATED'],
      http_url_spec: world.spec(),
      model_name: 'm',
      future: 1,
    })
    const made = await world.call('POST', 'create/', body, form)
    expect(made.status, made.text).toBe(200)
    const { id } = made.body['webhook'] as Shown
    const listed = await world.call('GET', 'list', { model_name: 'm' }, form)
    expect((listed.body['webhooks'] as Shown[]).map((one) => one.id)).toEqual([id])
    const preview = await world.call('GET', '/api/2.0/preview/mlflow/registry-webhooks/list')
    expect(preview.body).toEqual(listed.body)
    const deleted = await world.call('DELETE', 'delete', { id }, form)
    expect({ status: deleted.status, text: deleted.text }).toEqual({ status: 200, text: '{}' })
  })

  it('have at most 1 MiB', async () => {
    const answer = await world.call('POST', 'create', 'x'.repeat(2_000_000))
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'BAD_REQUEST' } })
  })

  it('find no configuration of Databricks at once', async () => {
    expect((await world.call('GET', '/.well-known/databricks-config')).status).toBe(404)
  })

  it.each([
    ['POST', 'create', {}, 'events'],
    ['POST', 'create', { events: ['MODEL_DELETED'] }, 'events.0: "MODEL_DELETED" is not one of'],
    ['POST', 'create', { events: ['COMMENT_CREATED'] }, 'either http_url_spec or job_spec'],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], status: 'ON', http_url_spec: {} },
      'status: must be ACTIVE',
    ],
    ['POST', 'create', { events: ['COMMENT_CREATED'], http_url_spec: { url: 'http://a.example' } }, 'https'],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], http_url_spec: { url: 'https://10.0.0.1/' } },
      'http_url_spec.url',
    ],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], http_url_spec: { url: 'https://a.example/${env:HOME}' } },
      '${',
    ],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], http_url_spec: { url: 'https://a.example/', secret: 'short' } },
      '8 to 8192',
    ],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], job_spec: { job_id: 'x', access_token: 'dapi12345' } },
      'job_spec.job_id',
    ],
    [
      'POST',
      'create',
      { events: ['COMMENT_CREATED'], job_spec: { job_id: '1', access_token: 'dapi12345' } },
      'workspace_url',
    ],
    ['GET', 'list?max_results=none', undefined, 'max_results'],
    ['GET', 'list?page_token=abc', undefined, 'page_token'],
    ['PATCH', 'update', {}, 'id'],
  ])('are refused as INVALID_PARAMETER_VALUE by %s %s %j', async (method, path, body, words) => {
    const answer = await world.call(method, path, body)
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } })
    expect(answer.body['message']).toContain(words)
  })

  it.each([
    ['POST', 'test', { id: '12' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['DELETE', 'delete', { id: '12' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['PATCH', 'update', { id: '12' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'create', '{"events":', 400, 'BAD_REQUEST'],
    ['POST', 'create', '[]', 400, 'BAD_REQUEST'],
    ['POST', 'list', undefined, 404, 'ENDPOINT_NOT_FOUND'],
    ['GET', 'get?id=1', undefined, 404, 'ENDPOINT_NOT_FOUND'],
  ])('are refused by %s %s %j with %s %s', async (method, path, body, status, error_code) => {
    expect(await world.call(method, path, body)).toMatchObject({ status, body: { error_code } })
  })
})

describe('Tokens', () => {
  const as = (token: string) => ({ authorization: `Bearer ${token}` })

  it('decide what is seen: a list is filtered, and never refused', async () => {
    const webhook = await world.create()
    const listed = async (token: string) => (await world.call('GET', 'list', undefined, as(token))).body
    expect((await listed(TOKENS.READER_TOKEN))['webhooks']).toHaveLength(1)
    expect(await listed(TOKENS.VISION_TOKEN)).toEqual({ webhooks: [] })
    const { id } = webhook
    for (const [method, path, body] of [
      ['POST', 'create', { events: ['COMMENT_CREATED'], http_url_spec: world.spec() }],
      ['PATCH', 'update', { id }],
      ['DELETE', 'delete', { id }],
      ['POST', 'test', { id }],
    ] as const) {
      const read = await world.call(method, path, body, as(TOKENS.READER_TOKEN))
      expect(read, path).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } })
      const limited = await world.call(method, path, body, as(TOKENS.VISION_TOKEN))
      expect(limited.status, path).toBe(path === 'create' ? 403 : 404)
    }
    await world.remove(webhook)
  })

  it('are needed, and a wrong one is told so in the form of Databricks', async () => {
    const wrong = await world.call('GET', 'list', undefined, as('no-token-of-anybody-at-all'))
    expect(wrong).toMatchObject({ status: 401, body: { error_code: 'UNAUTHENTICATED' } })
  })
})

const server = inject('postgresUrl')

describe.skipIf(server === null)('On PostgreSQL', { timeout: 60_000 }, () => {
  it('a webhook that has a secret needs SECRETS_KEY, and is then seen by every replica', async () => {
    const DATABASE_URL = await createDatabase(server ?? '')
    const keyless = await startWorld({ env: { DATABASE_URL } })
    try {
      const body = { events: ['COMMENT_CREATED'], http_url_spec: keyless.spec() }
      const refused = await keyless.call('POST', 'create', body)
      expect(refused).toMatchObject({ status: 400, body: { error_code: 'BAD_REQUEST' } })
      expect(refused.body['message']).toMatch(/SECRETS_KEY/)
    } finally {
      await keyless.close()
    }
    const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64')
    const one = await startWorld({ env: { DATABASE_URL, SECRETS_KEY } })
    const other = await startWorld({ env: { DATABASE_URL, SECRETS_KEY } })
    try {
      const webhook = await one.create({ events: ['COMMENT_CREATED'], http_url_spec: one.spec('/there') })
      expect(await other.list()).toEqual([webhook])
      expect((await other.call('POST', 'test', { id: webhook.id })).body).toMatchObject({
        status: 200,
        body: 'ok',
      })
      const updates = await Promise.all(
        [one, other].map((there) => there.call('PATCH', 'update', { id: webhook.id, status: 'DISABLED' })),
      )
      for (const { status, body } of updates) expect([200, 409], JSON.stringify(body)).toContain(status)
      await other.remove(webhook)
      expect(await one.list()).toEqual([])
    } finally {
      await one.close()
      await other.close()
    }
  })
})
