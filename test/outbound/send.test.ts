import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGuard, type OutboundRules } from '../../receiver/outbound/guard.ts'
import { createOutbound, type OutboundRequest } from '../../receiver/outbound/send.ts'
import { startProxy } from '../github/proxy.ts'
import { startDns } from '../standins/dns.ts'
import { CERTIFICATE, startTarget } from '../standins/target.ts'
import { watchConnections } from './connections.ts'

const LOOPBACK: OutboundRules = { allow_cidrs: ['127.0.0.1/32', '::1'], allow_http: true, allow_hosts: [] }

async function outboundOf(rules: Partial<OutboundRules> = {}, names: Record<string, string[]> = {}) {
  const dns = await startDns(names)
  const outbound = createOutbound(createGuard({ ...LOOPBACK, ...rules }, { resolve: dns.resolve, env: {} }))
  onTestFinished(async () => {
    await outbound.close()
    dns.close()
  })
  const send = (request: Partial<OutboundRequest> & { url: string }, ms = 5_000) =>
    outbound.send({ method: 'POST', headers: {}, body: '{}', ...request }, AbortSignal.timeout(ms))
  return { outbound, send }
}

async function target(options: Parameters<typeof startTarget>[0] = {}) {
  const started = await startTarget(options)
  onTestFinished(() => started.close())
  return started
}

describe('a request to a user’s URL', () => {
  it('arrives byte for byte, with its own headers and no others that say who sends it', async () => {
    const { send } = await outboundOf()
    const there = await target()
    const body = Buffer.from([0, 255, 10, 13, 34])
    const sent = await send({
      method: 'PUT',
      url: `${there.url}/a%20b?c=d`,
      headers: { 'X-Mine': 'yes' },
      body,
    })
    expect(sent).toMatchObject({ kind: 'answer', answer: { status: 200, body: 'ok' } })
    const { headers, ...arrival } = there.arrived[0] ?? { headers: {} }
    expect(arrival).toEqual({ method: 'PUT', path: '/a%20b?c=d', body })
    expect(headers).toEqual({
      host: `127.0.0.1:${there.port}`,
      connection: 'keep-alive',
      'content-length': '5',
      'x-mine': 'yes',
    })
  })

  it('connects to the address that the name was checked with', async () => {
    const { send } = await outboundOf({}, { 'hook.example.org': ['127.0.0.1'] })
    const there = await target()
    const sent = await send({ url: `http://hook.example.org:${there.port}/` })
    expect(sent).toMatchObject({ kind: 'answer', answer: { status: 200 } })
    expect(there.arrived[0]?.headers.host).toBe(`hook.example.org:${there.port}`)
  })

  it('tries the next checked address where the first one does not answer', async () => {
    const { send } = await outboundOf({}, { 'hook.example.org': ['127.0.0.1', '::1'] })
    const there = await target({ host: '::1' })
    expect(await send({ url: `http://hook.example.org:${there.port}/` })).toMatchObject({ kind: 'answer' })
  })

  it('gives every answer back as it is, headers in lower case', async () => {
    const { send } = await outboundOf()
    const there = await target()
    there.answer((response) => {
      response.setHeader('X-Twice', ['a', 'b'])
      response.writeHead(429, { 'Retry-After': '7' }).end('slow down')
    })
    expect(await send({ url: there.url })).toEqual({
      kind: 'answer',
      answer: {
        status: 429,
        body: 'slow down',
        headers: expect.objectContaining({ 'retry-after': '7', 'x-twice': 'a, b' }) as object,
      },
    })
  })
})

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'with status %i to the inside is an answer and is not followed',
    async (status) => {
      const { send } = await outboundOf({ allow_cidrs: ['127.0.0.1'] })
      const [there, inside] = [await target(), await target({ host: '127.0.0.2' })]
      there.answer((response) =>
        response.writeHead(status, { location: `${inside.url}/latest/meta-data/` }).end(),
      )
      const tried = watchConnections()
      expect(await send({ url: there.url })).toMatchObject({
        kind: 'answer',
        answer: { status, headers: { location: `${inside.url}/latest/meta-data/` } },
      })
      expect(inside.arrived).toEqual([])
      expect(tried).toEqual(['127.0.0.1'])
    },
  )
})

describe('an answer', () => {
  it('is read up to 8 KiB, however long it is', async () => {
    const { send } = await outboundOf()
    const there = await target()
    let open = 0
    there.answer((response) => {
      open += 1
      const more = () => {
        while (response.write('x'.repeat(64 * 1024)));
      }
      response.on('drain', more).on('close', () => (open -= 1))
      more()
    })
    const sent = await send({ url: there.url })
    expect(sent.kind === 'answer' && sent.answer.body).toBe('x'.repeat(8 * 1024))
    await expect.poll(() => open).toBe(0)
  })

  it('that breaks off or stalls after its status keeps what came', async () => {
    const { send } = await outboundOf()
    const there = await target()
    there.answer((response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    expect(await send({ url: there.url })).toMatchObject({ answer: { status: 200, body: 'half' } })
    there.answer((response) => response.writeHead(200, { 'content-length': '100' }).write('half'))
    expect(await send({ url: there.url }, 300)).toMatchObject({ answer: { status: 200, body: 'half' } })
  })

  it('that does not come is given up when the signal says so', async () => {
    const { send } = await outboundOf()
    const there = await target()
    there.answer(() => undefined)
    expect(await send({ url: there.url }, 300)).toMatchObject({
      kind: 'no-answer',
      error: { name: 'TimeoutError' },
    })
  })

  it('that is no HTTP is no answer', async () => {
    const { send } = await outboundOf()
    const there = await target()
    there.answer((response) => response.socket?.end('220 mail.example.org ESMTP\r\n'))
    expect(await send({ url: there.url })).toMatchObject({ kind: 'no-answer' })
  })
})

describe('a certificate', () => {
  it('of a private authority is refused, unless this request does without', async () => {
    const { send } = await outboundOf()
    const there = await target({ tls: true })
    expect(await send({ url: there.url })).toMatchObject({ kind: 'no-answer' })
    expect(there.arrived).toEqual([])
    expect(await send({ url: there.url, verify_tls: false })).toMatchObject({ answer: { status: 200 } })
    // The connection without a check is not used for the next request with one.
    expect(await send({ url: there.url })).toMatchObject({ kind: 'no-answer' })
    expect(there.arrived).toHaveLength(1)
  })
})

describe('a whole process', () => {
  /** Sends from a process with this environment and no other proxy settings. */
  async function sendFrom(env: Record<string, string>, ...args: string[]): Promise<unknown> {
    const path = { PATH: process.env['PATH'] ?? '' }
    const file = new URL('send-one.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], {
      env: { ...path, ...env },
    })
    return JSON.parse(stdout)
  }

  async function proxyTo(port: number, credentials: string | null = null) {
    const proxy = await startProxy(port, credentials)
    onTestFinished(() => proxy.close())
    return proxy
  }

  const url = 'https://github.test/hook'
  const allowed = { OUTBOUND_ALLOW_HOSTS: 'github.test' }

  it('sends through HTTPS_PROXY with NODE_EXTRA_CA_CERTS, once the host is allowed', async () => {
    const there = await target({ tls: true })
    const proxy = await proxyTo(there.port, 'user:pass word')
    const env = {
      HTTPS_PROXY: proxy.url.replace('//', '//user:pass%20word@'),
      NODE_EXTRA_CA_CERTS: CERTIFICATE,
    }
    expect(await sendFrom(env, url)).toMatchObject({
      kind: 'refused',
      refusal: { fix: expect.stringContaining('OUTBOUND_ALLOW_HOSTS') as string },
    })
    expect(proxy.asked).toEqual([])
    expect(await sendFrom({ ...env, ...allowed }, url)).toMatchObject({ answer: { status: 200, body: 'ok' } })
    expect(proxy.asked).toEqual(['CONNECT github.test:443'])
    expect(there.arrived).toMatchObject([{ method: 'POST', path: '/hook', body: Buffer.from('hello') }])
  })

  it('does without the check of certificates through a proxy too, for a request that says so', async () => {
    const there = await target({ tls: true })
    const proxy = await proxyTo(there.port)
    const env = { HTTPS_PROXY: proxy.url, ...allowed }
    expect(await sendFrom(env, url)).toMatchObject({ kind: 'no-answer' })
    expect(await sendFrom(env, url, 'unverified')).toMatchObject({ answer: { status: 200 } })
  })

  it('sends http through HTTP_PROXY where http is allowed', async () => {
    const there = await target()
    const proxy = await proxyTo(there.port)
    const env = { HTTP_PROXY: proxy.url, OUTBOUND_ALLOW_HTTP: 'true', ...allowed }
    expect(await sendFrom(env, 'http://github.test/hook')).toMatchObject({ answer: { status: 200 } })
    expect(proxy.asked).toEqual([expect.stringContaining('github.test')])
  })

  it('resolves by the system: localhost is loopback, whatever the spelling', async () => {
    const there = await target()
    const env = { OUTBOUND_ALLOW_HTTP: 'true' }
    for (const host of ['localhost', 'LOCALHOST.', 'localhost.'])
      expect(await sendFrom(env, `http://${host}:${there.port}/`)).toMatchObject({
        kind: 'refused',
        refusal: { message: expect.stringContaining('loopback') as string },
      })
    expect(there.arrived).toEqual([])
    const allow = { ...env, OUTBOUND_ALLOW_CIDRS: '127.0.0.1,::1' }
    expect(await sendFrom(allow, `http://localhost:${there.port}/`)).toMatchObject({
      answer: { status: 200 },
    })
  })
})

describe('a forward proxy', () => {
  it.each(['127.0.0.1', '169.254.169.254', 'localhost', '[::1]', 'mlflow', 'mlflow.internal', '0x7f.1'])(
    'is not asked for %s',
    async (inside) => {
      const there = await target({ tls: true })
      const proxy = await startProxy(there.port)
      const env = { HTTPS_PROXY: proxy.url }
      const rules = { allow_cidrs: [], allow_http: false, allow_hosts: [] }
      const outbound = createOutbound(createGuard(rules, { resolve: () => Promise.reject(new Error()), env }))
      const request = { method: 'GET', url: `https://${inside}/`, headers: {}, body: null, verify_tls: false }
      expect(await outbound.send(request, AbortSignal.timeout(5_000))).toMatchObject({ kind: 'refused' })
      const known = { ...request, url: 'https://hooks.example.org/' }
      expect(await outbound.send(known, AbortSignal.timeout(5_000))).toMatchObject({ kind: 'answer' })
      expect(proxy.asked).toEqual(['CONNECT hooks.example.org:443'])
      await outbound.close()
      proxy.close()
    },
  )
})
