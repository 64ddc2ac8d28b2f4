import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { EnvHttpProxyAgent } from 'undici'
import { describe, expect, it } from 'vitest'
import { createGuard } from '../../receiver/outbound/guard.ts'
import { readProxies } from '../../receiver/outbound/proxies.ts'
import { createOutbound } from '../../receiver/outbound/send.ts'
import { watchConnections } from './connections.ts'

/** IANA's special-purpose registries, and what else nobody may be sent to: written down here, not taken from the code. */
const REFUSED = [
  ...[
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
  ],
  ...[
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '192.175.48.0/24',
  ],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
  ...['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10'],
  ...['fec0::/10', 'ff00::/8', '4000::/3', '8000::/1', '200::/7'],
]

/** An address of one of the ranges: its network, and any bits behind it. */
const refusedAddress = fc
  .tuple(fc.constantFrom(...REFUSED), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([cidr, noise]) => {
    const [network, bits] = ipaddr.parseCIDR(cidr)
    const bytes = network.toByteArray().map((byte, index) => {
      const kept = Math.min(8, Math.max(0, bits - index * 8))
      const mask = (0xff << (8 - kept)) & 0xff
      return (byte & mask) | ((noise[index] ?? 0) & ~mask & 0xff)
    })
    return ipaddr.fromByteArray(bytes).toString()
  })

const CLOSED = { allow_cidrs: [], allow_http: true, allow_hosts: [] }

describe('whatever a name resolves to', () => {
  it('no address of a refused range is ever connected to', async () => {
    const tried = watchConnections()
    const others = fc.array(fc.constantFrom<string[]>('192.0.1.1', '2606:4700::1', '8.8.8.8'), {
      maxLength: 3,
    })
    const property = fc.asyncProperty(refusedAddress, others, fc.nat(), async (address, rest, at) => {
      const list = rest.toSpliced(at % (rest.length + 1), 0, address)
      const found = list.map((one) => ({ address: one, family: one.includes(':') ? 6 : 4 }) as const)
      const guard = createGuard(CLOSED, { resolve: () => Promise.resolve(found), env: {} })
      const outbound = createOutbound(guard)
      const literal = address.includes(':') ? `[${address}]` : address
      for (const url of ['https://any.example.org/', `https://${literal}/`, `http://${literal}:8080/`]) {
        expect(await guard.checkUrl(url)).not.toBeNull()
        const request = { method: 'GET', url, headers: {}, body: null }
        expect(await outbound.send(request, AbortSignal.timeout(5_000))).toMatchObject({ kind: 'refused' })
      }
      await outbound.close()
    })
    await fc.assert(property, { numRuns: 300 })
    expect(tried).toEqual([])
  })

  it('any text is judged without an exception, and what passes is one plain https URL', async () => {
    const guard = createGuard(
      { ...CLOSED, allow_http: false },
      { resolve: () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]), env: {} },
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc
        .string({ unit: fc.constantFrom(...Array.from('https://@:.[]%#?\\0127x a１。')) })
        .map((rest) => `https://${rest}`),
    )
    await fc.assert(
      fc.asyncProperty(text, async (url) => {
        const verdict = await guard.checkUrl(url)
        if (verdict !== null) return
        const { protocol, username, password } = new URL(url)
        expect({ protocol, username, password }).toEqual({ protocol: 'https:', username: '', password: '' })
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('the way that a URL takes', () => {
  it('is the same as that of the connections to GitHub, which undici chooses', async () => {
    const host = fc.constantFrom('a.test', 'b.a.test', 'xa.test', 'a.test.', '127.0.0.1', '[::1]', 'A.TEST')
    const entry = fc.constantFrom(
      ...[
        'a.test',
        '.a.test',
        '*.a.test',
        'a.test:8080',
        'b.a.test',
        '127.0.0.1',
        '::1',
        '[::1]',
        '[::1]:8080',
      ],
      ...['*', '*:8080', 'A.test', 'a.test.', 'test', '127.0.0.1:443', '', '*a.test'],
    )
    const proxies = fc.record({
      http: fc.option(fc.constant('http://p.invalid:1'), { nil: undefined }),
      https: fc.option(fc.constant('http://q.invalid:2'), { nil: undefined }),
    })
    const property = fc.asyncProperty(
      ...([proxies, fc.array(entry, { maxLength: 4 }), host, fc.boolean(), fc.boolean()] as const),
      async ({ http, https }, list, name, tls, port) => {
        const url = `http${tls ? 's' : ''}://${name}${port ? ':8080' : ''}/`
        const noProxy = list.join(', ')
        const env = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: noProxy }
        const ours = readProxies(env).proxyFor(new URL(url))
        expect(ours !== null).toBe(await goesByProxy(url, { http, https, noProxy }))
      },
    )
    await fc.assert(property, { numRuns: 500 })
  })

  /** Whether undici's own agent asks a proxy. No connection is made: both ways end at once. */
  async function goesByProxy(
    url: string,
    env: Record<'http' | 'https', string | undefined> & { noProxy: string },
  ): Promise<boolean> {
    const agent = new EnvHttpProxyAgent({
      noProxy: env.noProxy,
      httpProxy: env.http ?? '',
      httpsProxy: env.https ?? '',
      connect: (_, callback) => callback(new Error('straight'), null),
      proxyTls: { lookup: (_, __, callback) => callback(new Error('proxy'), []) },
    })
    const { origin, pathname: path } = new URL(url)
    const error = await agent.request({ origin, path, method: 'GET' }).catch((cause: unknown) => cause)
    await agent.destroy()
    return (error as Error).message !== 'straight'
  }
})
