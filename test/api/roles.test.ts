import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routesOf } from '../../receiver/api/routes.ts'
import type { Route } from '../../receiver/api/route.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const VIEWER = 'the-token-of-the-viewer-01'
const LIMITED = 'the-token-of-the-vision-team'
const STORED = 'the-value-of-a-stored-secret'
const GIVEN = 'the-value-of-a-secret-that-is-given'
const SECRETS = [ADMIN_TOKEN, VIEWER, LIMITED, WANDB_SECRET, STORED, GIVEN, 'ghp_tokenOfTheTests0001']
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-production
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: vision-report
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/reports }]
admin:
  tokens:
    - { name: viewer, secret: '\${env:VIEWER}', role: read }
    - { name: vision, secret: '\${env:LIMITED}', role: write, automations: ['vision-*'] }
`

/** Every route that needs a token, what deletes last; without the stream, which does not end by itself. */
const ROUTES = routesOf({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }).filter(
  ({ id, role }) => id !== 'stream' && role !== null,
)
const named = ROUTES.toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete')).map(
  (route): [string, Route] => [`${route.method} ${route.path}`, route],
)

/** The values for the braces of a path, by the part before them. */
type Ids = Readonly<Record<string, string>>

const AUTOMATION = {
  events: ['ADD_ARTIFACT_ALIAS'],
  filter: { alias: 'staging' },
  destinations: [{ type: 'repository_dispatch', repository: 'acme/new' }],
}
/** Bodies that would change something, by the route's id. */
const BODIES: Record<string, (ids: Ids) => unknown> = {
  createAutomation: () => ({ name: 'vision-new', ...AUTOMATION }),
  putAutomation: () => AUTOMATION,
  patchAutomation: () => ({ status: 'disabled' }),
  putSecret: () => ({ value: GIVEN, hosts: ['hooks.example.com'] }),
  explain: ({ events }) => ({ event: events }),
  redeliverMany: () => ({ all: true, status: 'canceled', force: true }),
  replayMany: () => ({ all: true, force: true }),
  redeliver: () => ({ force: true }),
  replayEvent: () => ({ force: true }),
}

describe('every route of openapi.json', () => {
  let scene: Scene
  /** Ids of what belongs to somebody else than the limited token, and of what belongs to it. */
  let [others, own]: [Ids, Ids] = [{}, {}]
  let answers = ''
  /** How many addresses have sent wrong tokens. */
  let senders = 0

  const call = async ({ id, method, path }: Route, token: string | null, ids = others) => {
    const group = path.split('/')[1] ?? ''
    const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(ids[group] ?? ''))
    const has_body = method !== 'get' && method !== 'delete'
    const answer = await request(`${scene.receiver.url}/api/v1${filled}`, {
      method: method.toUpperCase(),
      headers: {
        'x-forwarded-for': SECRETS.includes(token ?? '') ? '198.51.100.1' : `203.0.113.${++senders}`,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(has_body ? { 'content-type': 'application/json' } : {}),
      },
      body: has_body ? JSON.stringify(BODIES[id]?.(ids) ?? {}) : '',
    })
    answers += `${JSON.stringify(answer.headers)}${answer.text}`
    return answer
  }

  /** All that the store has, and what has been sent. */
  const state = async () => {
    const lists = ['events', 'deliveries', 'automations', 'secrets', 'lanes', 'subjects']
    const found = await Promise.all(lists.map((list) => scene.receiver.api(`/api/v1/${list}`)))
    return [...found.map(({ body }) => body['items']), scene.github.dispatches.length]
  }

  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { VIEWER, LIMITED, TRUST_PROXY: '127.0.0.1' } })
    const put = (path: string, body: unknown) =>
      scene.receiver.api(`/api/v1/${path}`, { method: 'PUT', body })
    await put('secrets/STORED', { value: STORED, hosts: ['hooks.example.com'] })
    await put('automations/somebody-elses', { ...AUTOMATION, sources: ['wandb'] })
    await put('automations/vision-stored', { ...AUTOMATION, sources: ['wandb'] })
    const { body } = await sendWandb(scene.receiver.url, aliasBody())
    await scene.receiver.waitFor(() => scene.receiver.logged('attempt').length === 2)
    const items = (await scene.receiver.api('/api/v1/deliveries')).body['items'] as Record<string, string>[]
    const ofAutomation = (name: string) => items.find(({ automation }) => automation === name)?.['id'] ?? ''
    const lanes = (await scene.receiver.api('/api/v1/lanes')).body['items'] as { lane: string }[]
    const shared = { secrets: 'STORED', subjects: 'resnet50', lanes: lanes[0]?.lane ?? '' }
    const event = { events: String(body['event_id']) }
    others = {
      ...shared,
      ...event,
      deliveries: ofAutomation('deploy-production'),
      automations: 'somebody-elses',
    }
    own = { ...shared, ...event, deliveries: ofAutomation('vision-report'), automations: 'vision-stored' }
  })
  afterAll(() => scene.close())

  it.each(named)('shows nothing without a token, and nothing to a wrong one: %s', async (_, route) => {
    for (const token of [null, 'a-token-that-somebody-guessed']) {
      const answer = await call(route, token)
      expect([answer.status, answer.body['code']]).toEqual([401, 'unauthorized'])
      for (const id of [...Object.values(others), ...Object.values(own)])
        expect(answer.text).not.toContain(id)
    }
  })

  it('changes nothing for a token that reads, nor for a wrong one', async () => {
    const before = await state()
    for (const [name, route] of named.filter(([, { role }]) => role === 'write')) {
      const answer = await call(route, VIEWER)
      expect([name, answer.status, answer.body['code']]).toEqual([name, 403, 'read_only_token'])
      await call(route, 'a-token-that-somebody-guessed')
    }
    expect(await state()).toEqual(before)
  })

  it.each(named.filter(([, { role }]) => role === 'read'))(
    'is answered for a token that reads: %s',
    async (_, route) => {
      expect((await call(route, VIEWER)).status).toBe(200)
    },
  )

  it('leaves what is of others as it is for a limited token that writes, and tells it nothing of that', async () => {
    const ofOthers = async () => {
      const [events, ...rest] = (await state()) as Record<string, unknown>[][]
      return [events?.length, ...rest.slice(0, 3).map((items) => items.filter((one) => !isVision(one)))]
    }
    const before = await ofOthers()
    for (const [name, route] of named) {
      const { status, text, body } = await call(route, LIMITED)
      expect(status, name).toBeLessThan(500)
      // Names that stand in the request may be repeated.
      const asked = [others['deliveries'] ?? '', others['automations'] ?? '']
      const told = asked.reduce(
        (left, id) => (route.path.includes('{') ? left.replaceAll(id, '') : left),
        text,
      )
      for (const secret of ['acme/serving', 'deploy-production', ...asked])
        expect(told, name).not.toContain(secret)
      if (route.limited === 'refused')
        expect([name, status, body['code']]).toEqual([name, 403, 'limited_token'])
    }
    expect(await ofOthers()).toEqual(before)
  })

  it.each(named.filter(([, { limited, id }]) => limited === 'own' && id !== 'createAutomation'))(
    'does for a limited token what it asks of its own, and tells it nothing else: %s',
    async (name, route) => {
      const { status, text } = await call(route, LIMITED, own)
      // A delivery that has ended cannot be canceled.
      expect(route.id === 'cancelDelivery' ? [200, 409] : [200, 201, 202, 204], text).toContain(status)
      for (const one of ['acme/serving', 'deploy-production', others['deliveries'] ?? ''])
        expect(text, name).not.toContain(one)
    },
  )

  it.each(named)('never fails, and answers in one of the ways that it declares: %s', async (_, route) => {
    const { status } = await call(route, ADMIN_TOKEN)
    const declared = [
      ...Object.keys(route.answers),
      ...Object.values(route.problems ?? {}).map(([code]) => code),
    ]
    expect(declared.map(Number)).toContain(status)
  })

  it('holds no secret in any of these answers, and none in the log', () => {
    for (const secret of SECRETS) {
      expect(answers).not.toContain(secret)
      expect(scene.receiver.output).not.toContain(secret)
    }
  })
})

const isVision = (one: Record<string, unknown>) =>
  String(one['automation'] ?? one['name']).startsWith('vision-')
