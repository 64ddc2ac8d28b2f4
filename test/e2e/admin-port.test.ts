import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN, ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DISPATCH_TOKEN = 'the-token-for-dispatches-0001'
const CONFIG = `${DEPLOY_CONFIG}dispatches:
  - { access_token: '\${env:DISPATCH_TOKEN}', source: wandb, repositories: ['acme/*'] }
`
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }
const OPEN = ['/webhooks/wandb', '/repos/acme/serving/dispatches', '/api/v3/repos/acme/serving/dispatches']
const INSIDE = [
  '/',
  '/api',
  '/api/v1/events',
  '/api/v1/session',
  '/api/v1/anything',
  '/api/openapi.json',
  '/api/2.0/mlflow/registry-webhooks/list',
  '/metrics',
]

describe('a receiver with ADMIN_PORT', () => {
  let scene: Scene
  let ports: { PORT: string; ADMIN_PORT: string }
  beforeAll(async () => {
    ports = { PORT: String(await freePort()), ADMIN_PORT: String(await freePort()) }
    const env = { ...ports, DISPATCH_TOKEN, PUBLIC_URL: 'https://tools.example.com/dispatch' }
    scene = await startScene({ config: CONFIG, env })
  })
  afterAll(() => scene.close())

  /** The rest of the path is what a proxy that knows the base path passes on. */
  const BASES = ['', '/dispatch']

  it('says where it listens', () => {
    expect(scene.receiver.logged('listening')).toMatchObject([
      { url: `http://127.0.0.1:${ports.PORT}`, admin_url: `http://127.0.0.1:${ports.ADMIN_PORT}` },
    ])
  })

  it.each(INSIDE)('answers %s on that port alone, whatever token is sent', async (path) => {
    for (const base of BASES) {
      const other = await request(`${scene.receiver.url}${base}${path}`, { headers: AUTHORIZED })
      expect([other.status, other.body['code']]).toEqual([404, 'wrong_port'])
      expect(other.body['detail']).toBe('The receiver answers this on ADMIN_PORT alone.')
      const own = await request(`${scene.receiver.admin_url}${base}${path}`, { headers: AUTHORIZED })
      expect(own.body['code']).not.toBe('wrong_port')
    }
  })

  it.each(OPEN)('answers %s on PORT alone', async (path) => {
    for (const base of BASES) {
      const parts = { method: 'POST', body: '{}' }
      const other = await request(`${scene.receiver.admin_url}${base}${path}`, parts)
      expect([other.status, other.body['code']]).toEqual([404, 'wrong_port'])
      expect((await request(`${scene.receiver.url}${base}${path}`, parts)).status).toBe(401)
    }
  })

  it.each(['/healthz', '/readyz'])('answers %s on PORT alone', async (path) => {
    expect((await request(`${scene.receiver.url}${path}`)).status).toBe(200)
    expect((await request(`${scene.receiver.admin_url}${path}`)).body).toMatchObject({ code: 'wrong_port' })
  })

  it('shows its metrics on that port without a token', async () => {
    const { status, text } = await request(`${scene.receiver.admin_url}/metrics`)
    expect(status).toBe(200)
    expect(text).toContain('model_dispatch_ready 1')
  })

  it('delivers what comes to PORT, by a source and by the route of GitHub', async () => {
    const { body } = await sendWandb(scene.receiver.url, aliasBody())
    const dropped = await request(`${scene.receiver.url}/api/v3/repos/acme/serving/dispatches`, {
      method: 'POST',
      headers: { authorization: `Bearer ${DISPATCH_TOKEN}` },
      body: JSON.stringify({ event_type: 'deploy', client_payload: { model: 'resnet50' } }),
    })
    expect(dropped.status).toBe(204)
    await expect.poll(() => scene.github.dispatches.length).toBe(2)
    const shown = await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)
    expect(shown.status).toBe(200)
  })

  it('signs in on that port, whatever PUBLIC_URL says of the other one', async () => {
    const origin = scene.receiver.admin_url
    const answer = await request(`${origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    })
    const [cookie = '', ...parts] = answer.headers['set-cookie']?.[0]?.split('; ') ?? []
    expect(parts).toEqual(['Path=/', 'Max-Age=43200', 'HttpOnly', 'SameSite=Strict'])
    const cancel = { method: 'POST', headers: { cookie, origin } }
    const path = '/api/v1/deliveries/dlv_1/cancel'
    expect((await request(`${origin}${path}`, cancel)).body).toMatchObject({ code: 'delivery_not_found' })
    // A page on the other port of this host is another page.
    const foreign = { method: 'POST', headers: { cookie, origin: scene.receiver.url } }
    expect((await request(`${origin}${path}`, foreign)).status).toBe(401)
  })

  it('is found by the commands that ask the API, and by the health check', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['receiver/main.ts', ...args], {
        cwd: ROOT,
        encoding: 'utf8',
        env: {
          ...{ PATH: process.env['PATH'], HOST: '127.0.0.1', ADMIN_TOKEN, ...ports },
          ...{ WANDB_WEBHOOK_SECRET: WANDB_SECRET, DISPATCH_TOKEN, GITHUB_TOKEN: 'ghp_tokenOfTheTests0001' },
          MODEL_DISPATCH_CONFIG: scene.receiver.config_path,
        },
      })
    const check = run('check', '--diff')
    expect(check.stdout + check.stderr).toContain('Nothing differs from what is in force.')
    expect(run('healthcheck')).toMatchObject({ status: 0 })
    expect(run('send', '--dry-run').stdout).toContain('deploy-production')
  })

  it('stops both ports in good order, also while somebody watches the stream', async () => {
    let is_over = false
    let text = ''
    const headers = AUTHORIZED
    const url = `${scene.receiver.admin_url}/api/v1/stream`
    const stream = get(url, { headers, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('close', () => (is_over = true))
    })
    stream.on('error', () => undefined)
    await expect.poll(() => text).toContain(': open')
    expect(await scene.receiver.stop()).toEqual({ code: 0, signal: null })
    await expect.poll(() => is_over).toBe(true)
    for (const at of [scene.receiver.url, scene.receiver.admin_url])
      await expect(request(`${at}/healthz`)).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe('a start with an ADMIN_PORT that cannot be', () => {
  let receiver: ReceiverProcess | null = null
  afterEach(() => receiver?.remove())
  const refused = async (env: Record<string, string>) => {
    receiver = new ReceiverProcess({
      config: DEPLOY_CONFIG,
      github_url: 'http://127.0.0.1:9',
      env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, ...env },
    })
    const { code } = await receiver.launch()
    return { code, said: receiver.output }
  }

  it('ends with code 75 and names the variable where the port is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { code, said } = await refused({ ADMIN_PORT: String(port) })
    taken.close()
    expect(said).toMatch(/ADMIN_PORT: it is in use already[^]*set ADMIN_PORT to another one/)
    expect(said).not.toContain('listening')
    expect(code).toBe(75)
  })

  it('ends with code 75 and names PORT where that one is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { code, said } = await refused({ PORT: String(port), ADMIN_PORT: '0' })
    taken.close()
    expect(said).toMatch(/^PORT: it is in use already/m)
    expect(code).toBe(75)
  })

  it.each([
    [{ PORT: '18080', ADMIN_PORT: '18080' }, 'ADMIN_PORT: is the same as PORT'],
    [{ ADMIN_HOST: '127.0.0.1' }, 'ADMIN_HOST: is set, and ADMIN_PORT is not'],
    [{ ADMIN_PORT: '0', ADMIN_HOST: 'admin.example' }, 'ADMIN_HOST: is not an address'],
  ])('ends with code 2 for %j', async (env, message) => {
    const { code, said } = await refused(env)
    expect(said).toContain(message)
    expect(said).toContain('  -> ')
    expect(code).toBe(2)
  })
})
