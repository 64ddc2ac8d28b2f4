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
admin:
  tokens:
    - { name: viewer, secret: '\${env:VIEWER}', role: read }
    - { name: vision, secret: '\${env:LIMITED}', role: write, automations: ['vision-*'] }
`

/** Every route that needs a token, but for the stream, which does not end by itself. */
const ROUTES = routesOf({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }).filter(
  ({ id, role }) => id !== 'stream' && role !== null,
)
const named = ROUTES.map((route): [string, Route] => [`${route.method} ${route.path}`, route])

describe('every route of openapi.json', () => {
  let scene: Scene
  let ids: Record<string, string>
  let answers = ''
  /** Calls a route with ids that exist, as far as the path says whose they are. */
  const call = async ({ method, path }: Route, token: string | null) => {
    const group = path.split('/')[1] ?? ''
    const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(ids[group] ?? 'deploy-production'))
    const has_body = method !== 'get' && method !== 'delete'
    const answer = await request(`${scene.receiver.url}/api/v1${filled}`, {
      method: method.toUpperCase(),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(has_body ? { 'content-type': 'application/json' } : {}),
      },
      body: has_body ? '{}' : '',
    })
    answers += answer.text
    return answer
  }
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { VIEWER, LIMITED } })
    await scene.receiver.api('/api/v1/secrets/STORED', {
      method: 'PUT',
      body: { value: STORED, hosts: ['hooks.example.com'] },
    })
    const { body } = await sendWandb(scene.receiver.url, aliasBody())
    const [delivery = ''] = body['deliveries'] as string[]
    ids = {
      events: String(body['event_id']),
      deliveries: delivery,
      automations: 'deploy-production',
      secrets: 'STORED',
      subjects: 'resnet50',
      lanes: 'nothing',
    }
  })
  afterAll(() => scene.close())

  it.each(named)('shows nothing without a token: %s', async (_, route) => {
    const answer = await call(route, null)
    expect([answer.status, answer.body['code']]).toEqual([401, 'unauthorized'])
  })

  it('shows nothing to a wrong token', async () => {
    for (const [, route] of named.slice(0, 25))
      expect((await call(route, 'a-token-that-somebody-guessed')).status).toBe(401)
  })

  it.each(named.filter(([, { role }]) => role === 'write'))(
    'changes nothing for a read token: %s',
    async (_, route) => {
      const answer = await call(route, VIEWER)
      expect([answer.status, answer.body['code']]).toEqual([403, 'read_only_token'])
    },
  )

  it.each(named.filter(([, { role }]) => role === 'read'))(
    'is answered for a read token: %s',
    async (_, route) => {
      // An empty body explains nothing.
      expect((await call(route, VIEWER)).status).toBe(route.id === 'explain' ? 422 : 200)
    },
  )

  it.each(named)('shows a limited token nothing but its own: %s', async (_, route) => {
    const answer = await call(route, LIMITED)
    expect([200, 202, 400, 403, 404, 422]).toContain(answer.status)
    expect(answer.text).not.toContain('acme/serving')
    if (route.limited === 'refused')
      expect([answer.status, answer.body['code']]).toEqual([403, 'limited_token'])
  })

  it.each(named)('never fails, and answers in one of the ways that it declares: %s', async (_, route) => {
    const { status } = await call(route, ADMIN_TOKEN)
    const own = [...Object.keys(route.answers), ...Object.values(route.problems ?? {}).map(([code]) => code)]
    expect([...own.map(Number), 400, 404, 415, 422]).toContain(status)
  })

  it('shows no secret in any answer', () => {
    for (const secret of [ADMIN_TOKEN, VIEWER, LIMITED, WANDB_SECRET, STORED, 'ghp_tokenOfTheTests0001'])
      expect(answers).not.toContain(secret)
  })
})
