import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'

const MIB = 2 ** 20
const TOKEN = 'access-token-of-the-tests'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  guarded: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], access_token: '\${env:WANDB_ACCESS_TOKEN}' }
  token-only: { type: wandb, access_token: '\${env:WANDB_ACCESS_TOKEN}' }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
  small: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], body_limit: 1KiB }
automations: []
`

/** `{"pad":"xxx…"}` of exactly so many bytes. */
const ofSize = (bytes: number) => `{"pad":"${'x'.repeat(bytes - 10)}"}`
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ config: CONFIG, env: { WANDB_ACCESS_TOKEN: TOKEN } })
})
afterAll(() => scene.close())
const send: (
  ...rest: Parameters<typeof sendWandb> extends [unknown, ...infer R] ? R : never
) => ReturnType<typeof sendWandb> = (body, options) => sendWandb(scene.receiver.url, body, options)
/** All but the alerts that many refusals raise. */
const storedEvents = async () =>
  ((await scene.receiver.api('/api/v1/events?limit=200')).body['items'] as { source: string }[]).filter(
    ({ source }) => source !== 'model-dispatch',
  )

describe('a request to a source that does not exist', () => {
  it('is 404 with what a webhook URL looks like', async () => {
    const { status, body } = await send(aliasBody(), { source: 'nobody' })
    expect(status).toBe(404)
    expect(body).toMatchObject({ status: 'refused', error: 'unknown_source' })
  })

  it.each(['__proto__', 'constructor', 'toString', '%00', '..%2f', 'WANDB'])(
    'is 404 for the name %s, too',
    async (source) => {
      expect((await send(aliasBody(), { source })).status).toBe(404)
    },
  )

  it('is 405 when a known one is asked by GET', async () => {
    const { status, headers } = await request(`${scene.receiver.url}/webhooks/wandb`)
    expect(status).toBe(405)
    expect(headers['allow']).toBe('POST')
  })
})

describe('a request that does not prove who sent it', () => {
  it('is 401, the same body and headers whatever was wrong', async () => {
    const answers = [
      await send(aliasBody(), { secret: null }),
      await send(aliasBody(), { secret: 'not the secret' }),
      await send(aliasBody(), { secret: null, headers: { 'x-wandb-signature': 'not a signature' } }),
      await send(aliasBody(), { source: 'guarded' }),
      await send(aliasBody(), { source: 'guarded', token: 'not the token' }),
      await send(aliasBody(), { source: 'guarded', token: TOKEN, secret: 'not the secret' }),
      await send(aliasBody(), { source: 'token-only', secret: null }),
      await send('not JSON at all', { secret: 'not the secret' }),
      await sendDatabricks(scene.receiver.url, { event: 'COMMENT_CREATED' }, { secret: 'not the secret' }),
    ]
    for (const { status, text, headers } of answers) {
      expect(status).toBe(401)
      expect(text).toBe(answers[0]?.text)
      expect({ ...headers, date: '' }).toEqual({ ...answers[0]?.headers, date: '' })
    }
    expect(await storedEvents()).toEqual([])
  })

  it('is logged once per source and reason, with the reason', async () => {
    for (let n = 0; n < 5; n++) await send({ n }, { source: 'small', secret: 'wrong again' })
    const logged = () =>
      scene.receiver.logged('request refused: 401').filter(({ source }) => source === 'small')
    await expect.poll(logged).toHaveLength(1)
    expect(logged()[0]?.['reason']).toMatch(/X-Wandb-Signature/)
  })
})

describe('a verified body that is no event', () => {
  it.each([
    ['empty', '', /empty/],
    ['not JSON', 'key=value', /not JSON/],
    ['JSON that breaks off', '{"event_type": "LINK', /not JSON/],
    ['a text', '"LINK_ARTIFACT"', /must be a JSON object/],
    ['a number', '42', /must be a JSON object/],
    ['null', 'null', /must be a JSON object/],
    ['a list', '[{"event_type": "LINK_ARTIFACT"}]', /must be a JSON object/],
    ['nested 65 levels', nested(65), /64/],
    ['nested 100,000 levels', '['.repeat(100_000), /64/],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), /UTF-8/],
  ])('is 400 with the reason: %s', async (_, bytes, reason) => {
    const { status, body } = await send(bytes)
    expect(status).toBe(400)
    expect(body).toMatchObject({ status: 'refused' })
    expect(body['message']).toMatch(reason)
  })

  it('does not quote the body back', async () => {
    const { text } = await send('{"password": hunter2}')
    expect(text).not.toContain('hunter2')
  })

  it('is fine at 64 levels', async () => {
    expect((await send(nested(64))).status).toBe(202)
  })
})

describe('the size of a body', () => {
  it('may be exactly 1 MiB, with a length or in chunks', async () => {
    expect((await send(ofSize(MIB))).status).toBe(202)
    expect((await send(ofSize(MIB).replace('pad', 'bag'), { chunked: true })).status).toBe(202)
  })

  it.each([false, true])('is 413 from one byte more (in chunks: %s)', async (chunked) => {
    const { status, body } = await send(ofSize(MIB + 1), { chunked })
    expect(status).toBe(413)
    expect(body['message']).toMatch(/1048576 bytes.*body_limit/)
  })

  it('is judged before the signature', async () => {
    expect((await send(ofSize(MIB + 1), { secret: 'not the secret' })).status).toBe(413)
  })

  it('is limited by the source’s own body_limit', async () => {
    expect((await send(ofSize(1_024), { source: 'small' })).status).toBe(202)
    expect((await send(ofSize(1_025), { source: 'small' })).status).toBe(413)
  })

  it('is 415 when it is compressed, before anything is unpacked', async () => {
    const packed = gzipSync(JSON.stringify(aliasBody()))
    const { status, body } = await send(packed, { headers: { 'content-encoding': 'gzip' } })
    expect(status).toBe(415)
    expect(body['message']).toMatch(/Content-Encoding/)
    expect((await send(aliasBody(), { headers: { 'content-encoding': 'identity' } })).status).toBe(202)
  })
})

describe('A connection', () => {
  it('stores nothing and hurts nobody when it breaks off in the middle of a body', async () => {
    const before = (await storedEvents()).length
    await new Promise<void>((resolve) => {
      const headers = { 'content-length': '100' }
      const broken = httpRequest(`${scene.receiver.url}/webhooks/wandb`, {
        method: 'POST',
        headers,
        agent: false,
      })
      broken.on('error', () => resolve())
      broken.write('{"half":')
      setTimeout(() => broken.destroy(new Error('cut')), 50)
    })
    expect(await storedEvents()).toHaveLength(before)
    expect((await send({ after: 'the cut' })).status).toBe(202)
  })

  it('is cut when it begins a request and leaves it, long before the half minute in which Node.js looks', async () => {
    const { hostname, port } = new URL(scene.receiver.url)
    const text = await new Promise<string>((resolve, reject) => {
      let read = ''
      const socket = connect(Number(port), hostname, () => socket.write('POST /webhooks/wandb HTTP/1.1\r\n'))
      socket.setEncoding('utf8').on('data', (part: string) => (read += part))
      socket.on('close', () => resolve(read)).on('error', reject)
    })
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
  }, 15_000)

  it('is answered 400 and closed when it does not speak HTTP', async () => {
    const { hostname, port } = new URL(scene.receiver.url)
    const text = await new Promise<string>((resolve, reject) => {
      let read = ''
      const socket = connect(Number(port), hostname, () => socket.write('HELLO\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (part: string) => (read += part))
      socket.on('close', () => resolve(read)).on('error', reject)
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('a path that cannot be decoded', () => {
  const BAD = ['%zz', '%', '%c3%28', 'wandb%ff']

  it.each(BAD)('is an unknown source below /webhooks: %s', async (source) => {
    const unknown = await send(aliasBody(), { source: 'nobody' })
    for (const method of ['POST', 'GET']) {
      const { status, headers, text } = await request(`${scene.receiver.url}/webhooks/${source}`, { method })
      expect(status).toBe(404)
      expect({ ...headers, date: '' }).toEqual({ ...unknown.headers, date: '' })
      expect(text).toBe(unknown.text)
    }
  })

  it.each(BAD)('is JSON anywhere else, without a stack: %s', async (part) => {
    for (const path of [`/${part}`, `/healthz/${part}`, `/api/v1/events/${part}`, `/api/v1/${part}`]) {
      const { status, headers, text } = await scene.receiver.api(path)
      expect([path, status]).toEqual([path, path.includes('events') ? 400 : 404])
      expect(headers['content-type']).toMatch(/^application\/(problem\+)?json/)
      expect(text).not.toMatch(/URIError|node_modules|\.ts|\n\s+at /)
    }
  })

  it('leaves nothing in the log, however often it comes', async () => {
    const before = scene.receiver.output.length
    for (const part of BAD) await request(`${scene.receiver.url}/webhooks/${part}`, { method: 'POST' })
    // What these left in the log stands before the line of a later request.
    const accepted = () => scene.receiver.logged('event accepted').length
    const lines = accepted()
    expect((await send({ after: 'those' })).status).toBe(202)
    await expect.poll(accepted).toBe(lines + 1)
    const said = scene.receiver.output.slice(before).trimEnd().split('\n')
    expect(said.filter((line) => !line.includes('"event accepted"'))).toEqual([])
  })
})
