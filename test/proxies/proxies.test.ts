import { get } from 'node:https'
import { get as plainGet } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeBlocks, readProject } from '../contract/markdown.ts'
import { hasBrowser, startBrowser } from '../dashboard/browser.ts'
import { freePort } from '../support/free-port.ts'
import { request, type RequestParts } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import {
  CADDY,
  INSIDE,
  NGINX,
  OUTSIDE,
  startCaddy,
  startNginx,
  type RunningProxy,
} from '../support/proxies.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const BLOCKS = codeBlocks(readProject('docs/deploy.md'))
const blockOf = (language: string, part: string) =>
  BLOCKS.find((block) => block.language === language && block.text.includes(part))?.text ?? ''

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }
const hasNginx = mustRun(NGINX !== null, 'the receiver behind nginx', 'nginx is not installed')
const hasCaddy = mustRun(CADDY !== null, 'the receiver behind Caddy', 'caddy is not installed')

/** A receiver behind a proxy, as a page sets it up. */
interface Behind {
  scene: Scene
  proxy: RunningProxy
  /** The value of PUBLIC_URL. */
  public_url: string
}

type Start = (place: { port: number; receiver: string; scene: Scene }) => Promise<RunningProxy>

async function behind(start: Start, path: string, env: Record<string, string> = {}): Promise<Behind> {
  const port = await freePort()
  const scheme = start === caddy ? 'http' : 'https'
  const public_url = `${scheme}://127.0.0.1:${port}${path}`
  const scene = await startScene({ env: { PUBLIC_URL: public_url, TRUST_PROXY: '127.0.0.1', ...env } })
  try {
    return { scene, public_url, proxy: await start({ port, receiver: scene.receiver.url, scene }) }
  } catch (error) {
    await scene.close()
    throw error
  }
}

const nginx: Start = (place) => startNginx(blockOf('nginx', 'dispatch.example.com'), place)
const caddy: Start = (place) => startCaddy(blockOf('caddyfile', 'dispatch.example.com'), place)
const underPath: Start = (place) => startNginx(blockOf('nginx', 'tools.example.com'), place)
/** The same, of which nginx takes the path away. */
const withoutPath: Start = (place) =>
  startNginx(
    blockOf('nginx', 'tools.example.com').replaceAll(
      /location (= )?\/dispatch(\/\S*) \{([^}]*?)proxy_pass http:\/\/127\.0\.0\.1:8080;/g,
      'location $1/dispatch$2 {$3proxy_pass http://127.0.0.1:8080$2;',
    ),
    place,
  )
/** The same, with the dashboard and the API on ADMIN_PORT. */
const apart: Start = ({ scene, ...place }) =>
  startNginx(
    blockOf('nginx', 'dispatch.example.com').replace(
      /(location \/ \{[^}]*proxy_pass )http:\/\/127\.0\.0\.1:8080/,
      `$1${scene.receiver.admin_url}`,
    ),
    place,
  )

const CASES = [
  ['nginx', hasNginx, nginx, ''],
  ['nginx, under a path', hasNginx, underPath, '/dispatch'],
  ['nginx, which takes the path away', hasNginx, withoutPath, '/dispatch'],
  ['nginx, with ADMIN_PORT', hasNginx, apart, ''],
  ['Caddy', hasCaddy, caddy, ''],
] as const

describe.each(CASES.filter(([, runs]) => runs))("behind the page's %s", (name, _runs, start, path) => {
  let here: Behind
  beforeAll(async () => {
    here = await behind(start, path, name.includes('ADMIN_PORT') ? { ADMIN_PORT: '0' } : {})
  }, 60_000)
  afterAll(async () => {
    here.proxy.close()
    await here.scene.close()
  })
  const ask = (where: string, parts: RequestParts = {}) =>
    request(`${here.public_url}${where}`, { from: INSIDE, ...parts })

  it('webhooks arrive whole or in pieces, and each answer has a link that opens', async () => {
    const body = aliasBody({ event_author: 'Zoë' })
    const { status, body: accepted } = await sendWandb(here.public_url, body)
    expect(status).toBe(202)
    expect(String(accepted['url'])).toMatch(new RegExp(`^${here.public_url}/api/v1/events/evt_`))
    const opened = await request(String(accepted['url']), { headers: AUTHORIZED })
    expect(opened.body).toMatchObject({ id: accepted['event_id'] })
    expect((await sendWandb(here.public_url, { ...body, tag: 'x' }, { chunked: true })).status).toBe(202)
    expect((await sendWandb(here.public_url, body, { secret: 'wrong' })).status).toBe(401)
    expect((await sendWandb(here.public_url, Buffer.alloc(1_100_000, 32))).status).toBe(413)
  })

  it('the API and the dashboard stay inside', async () => {
    for (const where of ['/api/v1/events', '/api/openapi.json', '/'])
      expect([403, 404]).toContain((await ask(where, { from: OUTSIDE, headers: AUTHORIZED })).status)
    expect((await ask('/healthz', { from: OUTSIDE })).status).toBe(200)
    expect((await ask('/api/v1/events', { headers: AUTHORIZED })).status).toBe(200)
  })

  it('the URL to paste, the page and the servers of openapi.json stand under PUBLIC_URL', async () => {
    const { body } = await ask('/api/v1/sources', { headers: AUTHORIZED })
    expect(body['items']).toMatchObject([{ url: `${here.public_url}/webhooks/wandb` }])
    const page = await ask('/')
    expect(page.status).toBe(200)
    const [, script = ''] = /src="\.(\/assets\/[^"]+)"/.exec(page.text) ?? []
    expect((await ask(script)).status).toBe(200)
    const { servers } = (await ask('/api/openapi.json')).body as { servers?: { url: string }[] }
    expect(servers?.[0]?.url).toBe(here.public_url)
  })

  it('a session has a cookie for its own path, sent over https alone where there is https', async () => {
    const { origin, protocol } = new URL(here.public_url)
    const headers = { 'content-type': 'application/json', origin }
    const body = JSON.stringify({ token: ADMIN_TOKEN })
    const { headers: answered } = await ask('/api/v1/session', { method: 'POST', headers, body })
    const [cookie = '', ...parts] = answered['set-cookie']?.[0]?.split('; ') ?? []
    expect(parts).toContain(`Path=${path === '' ? '/' : path}`)
    expect(parts.includes('Secure')).toBe(protocol === 'https:')
    const change = { method: 'POST', headers: { cookie, origin } }
    expect((await ask('/api/v1/deliveries/dlv_1/cancel', change)).body).toMatchObject({
      code: 'delivery_not_found',
    })
    const foreign = { method: 'POST', headers: { cookie, origin: 'https://elsewhere.example' } }
    expect((await ask('/api/v1/deliveries/dlv_1/cancel', foreign)).status).toBe(401)
  })

  it('a stream is passed on as it comes', async () => {
    const open = here.public_url.startsWith('https:') ? get : plainGet
    let text = ''
    const options = { headers: AUTHORIZED, agent: false, rejectUnauthorized: false }
    const stream = open(`${here.public_url}/api/v1/stream`, options, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    })
    stream.on('error', () => undefined)
    await expect.poll(() => text).toContain(': open')
    await sendWandb(here.public_url, aliasBody({ artifact_version: 'wandb-artifact://_id/streamed' }))
    await expect.poll(() => text).toContain('event: delivery')
    stream.destroy()
  })

  it('the address of a client is what the proxy says, and nothing that a client makes up', async () => {
    const { receiver } = here.scene
    const fromOf = () => receiver.logged('API request refused: 401').map(({ from }) => from)
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    const wrong = { headers: { ...headers, authorization: 'Bearer a-token-that-nobody-has' } }
    await ask('/api/v1/events', wrong)
    await expect.poll(fromOf).toContain(INSIDE)
    await request(`${receiver.admin_url}/api/v1/events`, { ...wrong, from: OUTSIDE })
    await expect.poll(fromOf).toContain(OUTSIDE)
    expect(fromOf()).not.toContain('203.0.113.9')
    await request(`${receiver.admin_url}/api/v1/events`, { ...wrong, from: '127.0.0.1' })
    await expect.poll(fromOf).toContain('203.0.113.9')
  })
})

describe.runIf(hasNginx && hasBrowser)('the dashboard behind nginx, under a path', () => {
  let here: Behind
  beforeAll(async () => {
    here = await behind(underPath, '/dispatch')
  }, 60_000)
  afterAll(async () => {
    here.proxy.close()
    await here.scene.close()
  })

  it('signs in, shows what comes, and changes things', { timeout: 120_000 }, async () => {
    const browser = await startBrowser()
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(here.public_url)
    expect(page.url()).toBe(`${here.public_url}/`)
    await page.getByLabel('Token').fill(ADMIN_TOKEN)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.evaluate(`window.location.hash = '/sources'`)
    await page.getByText(`${here.public_url}/webhooks/wandb`).first().waitFor()
    await page.evaluate(`window.location.hash = '/deliveries'`)
    await page.getByRole('heading', { name: 'Deliveries' }).waitFor()
    await sendWandb(here.public_url, aliasBody())
    await page.getByRole('link', { name: 'acme/serving' }).click()
    await page.getByRole('button', { name: 'Redeliver' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Redeliver' }).click()
    await page.getByText('It is tried again now.').waitFor()
    expect(complaints).toEqual([])
    await browser.close()
  })
})

describe('a receiver with a base path', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ env: { PUBLIC_URL: 'https://tools.example.com/dispatch/' } })
  })
  afterAll(() => scene.close())
  const ask = (path: string) => request(`${scene.receiver.url}${path}`)

  it('answers under it and without it, and leads to the slash that its page needs', async () => {
    for (const path of ['/healthz', '/dispatch/healthz', '/', '/dispatch/', '/dispatch/?x=1'])
      expect([path, (await ask(path)).status]).toEqual([path, 200])
    const { status, headers } = await ask('/dispatch?x=1')
    expect([status, headers.location]).toEqual([308, '/dispatch/?x=1'])
    expect((await ask('/dispatched/healthz')).status).toBe(404)
    expect((await ask('/dispatch/dispatch/healthz')).status).toBe(404)
    expect((await sendWandb(`${scene.receiver.url}/dispatch`, aliasBody())).status).toBe(202)
  })
})
