import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tested } from '../../receiver/api/v1/trial-schemas.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const READER = 'reader-token-of-the-tests-0001'
const LIMITED = 'limited-token-of-the-tests-001'
const SECRET = 'signing-secret-that-nobody-may-see'

let scene: Scene
let there: Target
beforeAll(async () => {
  there = await startTarget()
  const types = [...SOURCE_TYPES.keys()].filter((type) => !['wandb', 'hmac'].includes(type))
  const others = types.map((type) => `  ${type}: { type: ${type}, ${credentialOf(type)} }`)
  const config = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  hmac: { type: hmac, secrets: [secret-of-the-hmac-source], signature: { header: x-signature } }
${others.join('\n')}
github: { main: { repositories: ['acme/*'], writes_per_second: 0 } }
admin:
  tokens:
    - { name: reader, secret: ${READER}, role: read }
    - { name: limited, secret: ${LIMITED}, role: write, automations: [notify] }
automations:
  - name: notify
    status: test_mode
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: candidate }
    destinations: [{ type: webhook, url: '${there.url}/notify', secret: '\${env:HOOK_SECRET}' }]
  - name: deploy
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
      - { type: webhook, url: '${there.url}/deploy' }
  - name: everything
    status: disabled
    sources: ['*']
    events: ['*']
    destinations: [{ type: webhook, url: '${there.url}/everything' }]
  - name: on-call
    sources: [model-dispatch]
    events: [lane.paused]
    destinations: [{ type: webhook, url: '${there.url}/on-call' }]
`
  const env = { HOOK_SECRET: SECRET, OUTBOUND_ALLOW_CIDRS: '127.0.0.1', OUTBOUND_ALLOW_HTTP: 'true' }
  scene = await startScene({ config, env })
})
afterAll(async () => {
  await scene.close()
  await there.close()
})

const credentialOf = (type: string) =>
  type === 'standard-webhooks'
    ? 'secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]'
    : `secrets: [secret-of-the-${type}-source]`

interface Tested {
  event: string
  model_event: Record<string, unknown>
  conditions: { holds: boolean; reason: string }[]
  destinations: Record<string, never>[]
}

const post = (name: string, body: unknown = {}, headers = {}) =>
  scene.receiver.api(`/api/v1/automations/${name}/test`, { method: 'POST', body, headers })

async function test(name: string, body: unknown = {}): Promise<Tested> {
  const answer = await post(name, body)
  expect(answer.status, answer.text).toBe(200)
  expect(answer.text).not.toContain(SECRET)
  tested.parse(answer.body)
  return answer.body as unknown as Tested
}

const arrivedAt = (path: string) => there.arrived.filter((one) => one.path === path)
const events = async () => ((await scene.receiver.api('/api/v1/events')).body['items'] as unknown[]).length

describe('POST /api/v1/automations/{name}/test (W10)', () => {
  it("sends a sample through the real destination and shows the endpoint's answer, whatever the status", async () => {
    there.answer((response) => response.writeHead(418).end('a teapot'))
    const { event, model_event, conditions, destinations } = await test('notify')
    there.answer((response) => response.end('ok'))
    expect({ event, test: model_event['test'], synthetic: model_event['synthetic'] }).toEqual({
      event: 'ADD_ARTIFACT_ALIAS',
      test: true,
      synthetic: true,
    })
    expect(destinations).toMatchObject([
      {
        destination: { type: 'webhook', target: `${there.url}/notify` },
        request: { method: 'POST', url: `${there.url}/notify`, body: { type: 'ADD_ARTIFACT_ALIAS' } },
        error: null,
        permission: null,
        sent: true,
        result: {
          class: 'permanent',
          status: 418,
          body: 'a teapot',
          fix: expect.stringMatching(/./) as string,
        },
      },
    ])
    const [arrival] = arrivedAt('/notify')
    expect(JSON.parse(arrival?.body.toString() ?? '')).toEqual(model_event)
    expect(arrival?.headers['x-wandb-signature']).toMatch(/^[\w+/]+=$/)
    expect(conditions.filter(({ holds }) => !holds)).toEqual([
      { holds: false, reason: 'status: test_mode fires only when it is tested' },
      { holds: false, reason: 'filter.alias: "production" does not match "candidate"' },
    ])
  })

  it('is the only way in which an automation in test_mode fires', async () => {
    const before = arrivedAt('/notify').length
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ alias: 'candidate' }))
    expect(body['matched']).toEqual([])
    await test('notify')
    expect(arrivedAt('/notify')).toHaveLength(before + 1)
  })

  it('renders what would start a run, asks whether it may, and sends it with send: true alone', async () => {
    const stored = await events()
    const { destinations } = await test('deploy')
    expect(destinations).toMatchObject([
      {
        destination: { type: 'repository_dispatch', target: 'acme/serving' },
        request: { body: { event_type: 'ADD_ARTIFACT_ALIAS', client_payload: { alias: 'production' } } },
        permission: { allowed: true, status: 200 },
        sent: false,
        result: null,
      },
      { destination: { type: 'webhook' }, permission: null, sent: true, result: { status: 200, body: 'ok' } },
    ])
    expect(scene.github.dispatches).toEqual([])
    const sent = await test('deploy', { send: true })
    expect(sent.destinations[0]).toMatchObject({
      sent: true,
      permission: null,
      result: { class: 'success', status: 204 },
    })
    expect(scene.github.dispatches).toHaveLength(1)
    expect(await events()).toBe(stored)
  })

  it('takes a body of your own, as the registry would send it', async () => {
    const body = aliasBody({ artifact_collection_name: 'my-model' })
    const { model_event } = await test('deploy', { source: 'wandb', body })
    expect(model_event).toMatchObject({ model: { name: 'my-model' }, test: true })
  })

  it.each(
    [...SOURCE_TYPES.values()].flatMap(({ type, samples }) =>
      Object.keys(samples).map((event) => [type, event] as const),
    ),
  )('has a sample of the event of %s %s', async (source, event) => {
    const tested = await test('everything', { source, event })
    expect(tested.event).toBe(event)
    expect(tested.destinations).toMatchObject([{ sent: true, result: { status: 200 } }])
  })

  it('knows alerts of the receiver, too, and kinds', async () => {
    const { event, destinations } = await test('on-call')
    expect(event).toBe('lane.paused')
    expect(destinations).toMatchObject([
      { sent: true, request: { body: { title: expect.stringMatching(/test/) as string } } },
    ])
    expect((await test('everything', { source: 'mlflow', event: 'alias.added' })).event).toBe(
      'model_version_alias.created',
    )
  })

  it.each([
    ['nobody', {}, 404, 'automation_not_found'],
    ['notify', { event: 'RUN_STAT' }, 422, 'no_sample'],
    ['notify', { source: 'elsewhere' }, 422, 'no_sample'],
    ['on-call', { event: 'ADD_ARTIFACT_ALIAS' }, 422, 'no_sample'],
    ['notify', { body: [] }, 422, 'not_an_event'],
    ['notify', { sent: true }, 422, 'bad_body'],
    ['notify', { send: 'yes' }, 422, 'bad_body'],
  ])('is refused for %s with %j by %d %s', async (name, body, status, code) => {
    expect(await post(name, body)).toMatchObject({ status, body: { code } })
  })

  it('needs the role write, and is in the audit log', async () => {
    const read = await post('notify', {}, { authorization: `Bearer ${READER}` })
    expect(read).toMatchObject({ status: 403, body: { code: 'read_only_token' } })
    await test('notify')
    const query = '/api/v1/audit?target=notify&limit=1'
    const entry = async () => ((await scene.receiver.api(query)).body['items'] as unknown[])[0]
    await expect.poll(entry).toMatchObject({
      actor: 'admin',
      action: 'test automation',
      details: { event: 'ADD_ARTIFACT_ALIAS', destinations: [{ type: 'webhook', sent: true, status: 200 }] },
    })
  })
})

describe('a token that is limited to automations', () => {
  const ask = (path: string, body: unknown) =>
    scene.receiver.api(`/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${LIMITED}` },
      body,
    })

  it.each([
    ['/automations/notify/test', { source: 'elsewhere' }],
    ['/automations/notify/test', { source: 'mlflow' }],
    ['/explain', { source: 'elsewhere', body: {} }],
    ['/explain', { source: 'mlflow', body: {} }],
  ])('hears of no source but those of its automations: %s %j', async (path, body) => {
    const { status, text } = await ask(path, body)
    expect([404, 422]).toContain(status)
    expect(text).toContain('wandb')
    // The answer repeats the question.
    expect(text.replaceAll(body.source, '')).not.toMatch(/mlflow|databricks|hmac|huggingface/)
  })

  it('is not told which other source a recorded request fits', async () => {
    const headers = { 'x-webhook-secret': 'secret-of-the-huggingface-source' }
    const { body, text } = await ask('/explain', { source: 'wandb', request: { headers, body: '{}' } })
    expect(body).toMatchObject({ verification: { ok: false } })
    expect(text).not.toContain('fits the source')
  })

  it('asks by the only source that it knows without naming it', async () => {
    expect((await ask('/explain', { body: aliasBody() })).status).toBe(200)
  })
})
