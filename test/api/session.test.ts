import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'

const READ_TOKEN = 'read-token-of-the-tests-00001'
/** A token is a text: nothing says that it is ASCII. */
const OTHER_TOKEN = 'schlüssel-der-prüfung-日本-00001'
const CONFIG = `${DEPLOY_CONFIG}admin:
  tokens:
    - { name: viewer, secret: '\${env:READ_TOKEN}', role: read }
    - { name: umlauts, secret: '\${env:OTHER_TOKEN}', role: read }
`
const JSON_TYPE = { 'content-type': 'application/json' }

describe('a session of the dashboard', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({
      config: CONFIG,
      env: { READ_TOKEN, OTHER_TOKEN, PUBLIC_URL: 'https://example.com/dispatch/' },
    })
  })
  afterAll(() => scene.close())

  const url = (path: string) => `${scene.receiver.url}/api/v1${path}`
  const signIn = (token: string) =>
    request(url('/session'), { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ token }) })
  const cookieOf = async (token: string) => {
    const { headers } = await signIn(token)
    return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
  }

  it('begins with a token and gives a cookie that no script reads and no other site sends', async () => {
    const answer = await signIn(ADMIN_TOKEN)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ name: 'admin', role: 'write' })
    const [cookie = ''] = answer.headers['set-cookie'] ?? []
    expect(cookie.split('; ').slice(1)).toEqual([
      'Path=/dispatch',
      'Max-Age=43200',
      'HttpOnly',
      'SameSite=Strict',
      'Secure',
    ])
    expect(cookie).not.toContain(ADMIN_TOKEN)
  })

  it('begins and goes on with a token of letters that are not ASCII', async () => {
    expect((await signIn(OTHER_TOKEN)).body).toMatchObject({ name: 'umlauts' })
    const cookie = await cookieOf(OTHER_TOKEN)
    expect((await request(url('/session'), { headers: { cookie } })).body).toMatchObject({ name: 'umlauts' })
  })

  it('does not begin with a wrong token, which leaves a trace', async () => {
    const answer = await signIn('a wrong token, but long enough')
    expect(answer.status).toBe(401)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.body).toMatchObject({ code: 'unauthorized' })
    await scene.receiver.waitFor(() => scene.receiver.output.includes('a token that nobody has, to sign in'))
  })

  it('is asked for without a trace before anybody has signed in', async () => {
    const entries = async () => (await scene.receiver.api('/api/v1/audit')).body['items'] as unknown[]
    const before = await entries()
    expect((await request(url('/session'))).status).toBe(401)
    expect(await entries()).toEqual(before)
  })

  it.each([['{'], ['[]'], ['{"token": 7}'], ['']])('does not begin with a body like %j', async (body) => {
    const answer = await request(url('/session'), { method: 'POST', headers: JSON_TYPE, body })
    expect([400, 422]).toContain(answer.status)
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it('locks nobody out whose browser another site made send what is no token', async () => {
    const type = { 'content-type': 'text/plain' }
    for (let n = 0; n < 40; n++) {
      const forged = await request(url('/session'), { method: 'POST', headers: type, body: '{"token":"x"}' })
      expect(forged.status).toBe(415)
    }
    expect((await signIn(ADMIN_TOKEN)).status).toBe(200)
  })

  it('looks and changes as its token may', async () => {
    const cookie = await cookieOf(READ_TOKEN)
    const session = await request(url('/session'), { headers: { cookie } })
    expect(session.body).toMatchObject({
      name: 'viewer',
      role: 'read',
      public_url: 'https://example.com/dispatch',
    })
    expect((await request(url('/events'), { headers: { cookie } })).status).toBe(200)
    const changed = await request(url('/deliveries/dlv_1/cancel'), {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(changed.body).toMatchObject({ status: 403, code: 'read_only_token' })
  })

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['a page on plain http of another origin', { origin: 'http://127.0.0.1:1' }],
    ['nobody who says where it comes from', {}],
    ['an origin that is none', { origin: 'null' }],
  ])('changes nothing for a request of %s', async (_who, headers) => {
    const cookie = await cookieOf(ADMIN_TOKEN)
    const parts = { method: 'POST', headers: { cookie, ...headers } as Record<string, string> }
    expect((await request(url('/deliveries/dlv_1/cancel'), parts)).status).toBe(401)
  })

  it('changes things for our own page, on https and on plain http', async () => {
    const cookie = await cookieOf(ADMIN_TOKEN)
    const proxied = { origin: 'https://example.com', host: 'receiver.internal' }
    for (const own of [{ 'sec-fetch-site': 'same-origin' }, { origin: scene.receiver.url }, proxied]) {
      const parts = { method: 'POST', headers: { cookie, ...own } as Record<string, string> }
      expect((await request(url('/deliveries/dlv_1/cancel'), parts)).body).toMatchObject({
        code: 'delivery_not_found',
      })
    }
  })

  it.each([
    ['a later end', (value: string) => value.replace(/\.\d+\./, '.9999999999999.')],
    [
      'another token',
      (value: string) => value.replace(/=[^.]+/, `=${Buffer.from('admin').toString('base64url')}`),
    ],
    ['no seal', (value: string) => value.replace(/\.[^.]+$/, '.')],
    ['nothing', () => 'model_dispatch_session='],
  ])('is nobody’s once its cookie has %s', async (_what, forged) => {
    const cookie = forged(await cookieOf(READ_TOKEN))
    expect((await request(url('/session'), { headers: { cookie } })).status).toBe(401)
  })

  it('ends with its token: one that is taken out of the file signs everybody out', async () => {
    const cookie = await cookieOf(READ_TOKEN)
    scene.receiver.writeConfig(CONFIG.replace(/admin:[^]*$/, ''))
    await scene.receiver.waitFor(
      async () => (await request(url('/session'), { headers: { cookie } })).status === 401,
    )
  })

  it('is signed in where its page stands: under PUBLIC_URL, or at another address of the receiver', async () => {
    const at = async (origin: string) => {
      const headers = { ...JSON_TYPE, origin }
      const body = JSON.stringify({ token: ADMIN_TOKEN })
      const answer = await request(url('/session'), { method: 'POST', headers, body })
      return (answer.headers['set-cookie']?.[0] ?? '').split('; ').slice(1)
    }
    const lasting = ['Max-Age=43200', 'HttpOnly', 'SameSite=Strict']
    expect(await at('https://example.com')).toEqual(['Path=/dispatch', ...lasting, 'Secure'])
    expect(await at('http://10.0.0.7:9090')).toEqual(['Path=/', ...lasting])
    expect(await at('https://admin.example.com')).toEqual(['Path=/', ...lasting, 'Secure'])
  })

  it('ends when somebody signs out', async () => {
    const answer = await request(url('/session'), { method: 'DELETE' })
    expect(answer.status).toBe(204)
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^model_dispatch_session=; .*Max-Age=0/)
  })
})
