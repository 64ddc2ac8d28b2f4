import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'

const PATHS = ['/api/v1/events', '/api/v1/events/evt_1', '/api/v1/deliveries', '/api/v1/deliveries/dlv_1']

/** An RFC 9457 problem with a stable code. */
function expectProblem(answer: Awaited<ReturnType<typeof request>>, status: number, code: string) {
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.body).toMatchObject({
    type: 'about:blank',
    title: expect.any(String) as string,
    status,
    code,
    detail: expect.stringMatching(/.+/) as string,
  })
}

describe('the management API', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it.each(PATHS)('answers 401 without the admin token: %s', async (path) => {
    const answers = [
      await request(`${scene.receiver.url}${path}`),
      await scene.receiver.api(path, { headers: { authorization: 'Bearer not the token, but long enough' } }),
      await scene.receiver.api(path, { headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } }),
    ]
    for (const answer of answers) {
      expectProblem(answer, 401, 'unauthorized')
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
  })

  it('answers 401 before it says whether a path or an id exists', async () => {
    expectProblem(await request(`${scene.receiver.url}/api/v1/nothing-here`), 401, 'unauthorized')
  })

  it.each([
    ['GET', '/api'],
    ['GET', '/api/v1/nothing-here'],
    ['DELETE', '/api/v1/events'],
    ['GET', '/api/v2/events'],
    ['GET', '/api/v1/deliveries/a/b/c'],
  ])('answers a JSON 404 for what it does not have: %s %s', async (method, path) => {
    const answer = await scene.receiver.api(path, { method })
    expectProblem(answer, 404, 'not_found')
    expect(answer.body['detail']).toBe(`There is no ${method} ${path}.`)
  })

  it('answers 400 for a body that is no JSON', async () => {
    const answer = await scene.receiver.api('/api/v1/deliveries/dlv_1/redeliver', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expectProblem(answer, 404, 'delivery_not_found')
    const broken = await request(`${scene.receiver.url}/api/v1/deliveries/dlv_1/redeliver`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
      body: '{"force": tru',
    })
    expectProblem(broken, 400, 'bad_request')
  })

  it.each(['/api/v1/events/%E0%A4%A', '/api/v1/deliveries/%ff'])(
    'answers 400 for a path that is no text: %s',
    async (path) => {
      expectProblem(await scene.receiver.api(path), 400, 'bad_request')
    },
  )

  it('shows neither what it is made with nor any cache hints', async () => {
    const { headers } = await scene.receiver.api('/api/v1/events')
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers['etag']).toBeUndefined()
  })
})

describe('an ADMIN_TOKEN with letters outside ASCII', () => {
  let scene: Scene
  const token = 'ein-Schlüssel-für-die-Verwaltung-€'
  beforeAll(async () => {
    scene = await startScene({ env: { ADMIN_TOKEN: token } })
  })
  afterAll(() => scene.close())

  it('is taken as the UTF-8 that a terminal sends', async () => {
    const bytes = Buffer.from(token).toString('latin1')
    const headers = { authorization: `Bearer ${bytes}` }
    expect((await scene.receiver.api('/api/v1/events', { headers })).status).toBe(200)
    const another = { authorization: `Bearer ${bytes.slice(0, -1)}` }
    expectProblem(await scene.receiver.api('/api/v1/events', { headers: another }), 401, 'unauthorized')
  })
})

describe('without ADMIN_TOKEN', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ env: { ADMIN_TOKEN: undefined } })
  })
  afterAll(() => scene.close())

  it.each(PATHS)('the management API is off, whatever is sent: 404 api_off for %s', async (path) => {
    for (const authorization of ['', 'Bearer ', 'Bearer null', 'Bearer undefined']) {
      expectProblem(await scene.receiver.api(path, { headers: { authorization } }), 404, 'api_off')
    }
  })

  it('health and ingest are there', async () => {
    expect((await request(`${scene.receiver.url}/healthz`)).body).toMatchObject({ status: 'ok' })
    expect((await request(`${scene.receiver.url}/readyz`)).body).toEqual({ status: 'ready' })
    expect((await request(`${scene.receiver.url}/nothing`)).status).toBe(404)
  })
})
