import { describe, expect, it, onTestFinished } from 'vitest'
import { createGuard, type OutboundRules } from '../../receiver/outbound/guard.ts'
import { createOutbound } from '../../receiver/outbound/send.ts'
import { startDns } from '../standins/dns.ts'
import { watchConnections } from './connections.ts'
import { HOSTILE_NAMES, HOSTILE_URLS } from './hostile-urls.ts'

const CLOSED: OutboundRules = { allow_cidrs: [], allow_http: false, allow_hosts: [] }

async function guardOf(
  rules: Partial<OutboundRules> = {},
  {
    names = HOSTILE_NAMES,
    env = {},
  }: { names?: Record<string, string[]>; env?: Record<string, string> } = {},
) {
  const dns = await startDns(names)
  const guard = createGuard({ ...CLOSED, ...rules }, { resolve: dns.resolve, env })
  const outbound = createOutbound(guard)
  onTestFinished(async () => {
    await outbound.close()
    dns.close()
  })
  const send = (url: string) =>
    outbound.send({ method: 'POST', url, headers: {}, body: '{}' }, AbortSignal.timeout(5_000))
  return { guard, dns, send }
}

describe('a URL that leads inside', () => {
  it('comes in at least 60 forms here, each another one', () => {
    expect(new Set(HOSTILE_URLS.map(([url]) => url)).size).toBe(HOSTILE_URLS.length)
    expect(HOSTILE_URLS.length).toBeGreaterThanOrEqual(60)
  })

  it.each(HOSTILE_URLS)('is refused when it is read and when it is sent: %j (%s)', async (url) => {
    const tried = watchConnections()
    const { guard, send } = await guardOf()
    const verdict = await guard.checkUrl(url)
    expect(verdict).toEqual({
      message: expect.any(String) as string,
      fix: expect.stringMatching(/\.$/) as string,
    })
    expect(await send(url)).toEqual({ kind: 'refused', refusal: verdict })
    expect(tried).toEqual([])
  })

  it.each(HOSTILE_URLS)(
    'is refused behind a forward proxy, as far as a name shows it: %j (%s)',
    async (url, what) => {
      const { guard } = await guardOf({}, { env: { HTTPS_PROXY: 'http://proxy.invalid:3128' } })
      const named = url.includes('.example.org') || url.endsWith('.io/')
      expect(await guard.checkUrl(url), what).toEqual(named ? null : expect.anything())
    },
  )

  it('is never quoted with its path, query or credentials', async () => {
    const { guard } = await guardOf()
    for (const url of [
      'https://10.0.0.1/services/T0/B0/s3cret?sig=s3cret',
      'http://hooks.slack.com/services/s3cret',
      'https://me:s3cret@hooks.slack.com/',
      'https://private.example.org/s3cret',
      'https://0x7f.1/s3cret',
      'ftp://s3cret',
      's3cret',
      'https://[s3cret',
    ])
      expect(JSON.stringify(await guard.checkUrl(url))).not.toContain('s3cret')
  })
})

describe('a public URL', () => {
  it.each([
    'https://hooks.slack.com/services/T0/B0/x',
    'https://hooks.slack.com:8443/x?y=z#part',
    'https://HOOKS.slack.com/',
    'https://hooks.slack.com./',
    'https://münchen.example.org/',
    'https://xn--mnchen-3ya.example.org/',
    'https://93.184.215.14/',
    'https://[2606:4700::1111]/',
    'https://[2606:4700:0:0:0:0:0:1111]:8443/',
  ])('passes: %s', async (url) => {
    const names = {
      'hooks.slack.com': ['93.184.215.14', '2606:4700::1111'],
      'xn--mnchen-3ya.example.org': ['93.184.215.14'],
    }
    const { guard } = await guardOf({}, { names })
    expect(await guard.checkUrl(url)).toBeNull()
  })

  it('is not refused because its name cannot be resolved at the moment', async () => {
    const { guard, send } = await guardOf({}, { names: {} })
    expect(await guard.checkUrl('https://gone.example.org/')).toBeNull()
    expect(await send('https://gone.example.org/')).toMatchObject({
      kind: 'no-answer',
      error: { code: 'ENOTFOUND' },
    })
  })
})

describe('what the operator allows', () => {
  const url = 'https://private.example.org/'

  it('is named in the refusal, and then passes', async () => {
    const closed = await guardOf()
    expect(await closed.guard.checkUrl(url)).toEqual({
      message: 'private.example.org leads to 10.1.2.3, a private address',
      fix: 'Use a public address. If this one is meant, the operator of the receiver can add 10.1.2.3/32 to OUTBOUND_ALLOW_CIDRS, or private.example.org to OUTBOUND_ALLOW_HOSTS.',
    })
    for (const rules of [
      { allow_cidrs: ['10.1.2.3/32'] },
      { allow_cidrs: ['10.1.2.3'] },
      { allow_cidrs: ['192.168.0.0/16', '10.0.0.0/8'] },
      { allow_hosts: ['private.example.org'] },
      { allow_hosts: ['PRIVATE.example.org.'] },
      { allow_hosts: ['*.example.org'] },
    ])
      expect(await (await guardOf(rules)).guard.checkUrl(url)).toBeNull()
    for (const rules of [
      { allow_cidrs: ['10.1.2.4/32'] },
      { allow_cidrs: ['::/0'] },
      { allow_hosts: ['example.org'] },
      { allow_hosts: ['*.private.example.org'] },
      { allow_hosts: ['rivate.example.org'] },
    ])
      expect(await (await guardOf(rules)).guard.checkUrl(url)).not.toBeNull()
  })

  it('may be http, to what would be allowed with https', async () => {
    const { guard } = await guardOf({ allow_http: true })
    expect(await guard.checkUrl('http://93.184.215.14/')).toBeNull()
    expect(await guard.checkUrl('http://10.0.0.1/')).toMatchObject({
      message: '10.0.0.1 is a private address',
    })
    expect(await (await guardOf()).guard.checkUrl('http://93.184.215.14/')).toMatchObject({
      fix: expect.stringContaining('OUTBOUND_ALLOW_HTTP=true') as string,
    })
  })

  it('opens metadata services only where a CIDR names the very address', async () => {
    const wide = {
      allow_cidrs: ['0.0.0.0/0', '::/0', '100.64.0.0/10'],
      allow_hosts: ['metadata.example.org'],
    }
    for (const host of ['169.254.169.254', '100.100.100.200', '[fd00:ec2::254]', 'metadata.example.org'])
      expect(await (await guardOf(wide)).guard.checkUrl(`https://${host}/`)).not.toBeNull()
    const { guard } = await guardOf({ allow_cidrs: ['169.254.169.254/32'] })
    expect(await guard.checkUrl('https://169.254.169.254/')).toBeNull()
  })

  it('opens an IPv4 address inside an IPv6 one only where both are allowed', async () => {
    const { guard } = await guardOf({ allow_cidrs: ['64:ff9b::/96'] })
    expect(await guard.checkUrl('https://[64:ff9b::5db8:d70e]/')).toBeNull()
    expect(await guard.checkUrl('https://[64:ff9b::10.0.0.1]/')).not.toBeNull()
    const both = await guardOf({ allow_cidrs: ['64:ff9b::/96', '10.0.0.0/8'] })
    expect(await both.guard.checkUrl('https://[64:ff9b::10.0.0.1]/')).toBeNull()
  })

  it('opens by a name neither link-local nor multicast addresses', async () => {
    const names = {
      'a.example.org': ['169.254.3.4'],
      'b.example.org': ['224.0.0.5'],
      'c.example.org': ['0.0.0.0'],
    }
    const { guard } = await guardOf({ allow_hosts: ['*.example.org'] }, { names })
    for (const name of Object.keys(names))
      expect(await guard.checkUrl(`https://${name}/`)).toMatchObject({
        fix: expect.not.stringContaining('OUTBOUND_ALLOW_HOSTS') as string,
      })
  })
})

describe('behind a forward proxy', () => {
  const env = { HTTPS_PROXY: 'http://proxy.invalid:3128', NO_PROXY: 'direct.example.org' }

  it('names are looked at and not resolved', async () => {
    const { guard, dns } = await guardOf({}, { env })
    expect(await guard.checkUrl('https://private.example.org/')).toBeNull()
    expect(await guard.checkUrl('https://mlflow.internal/')).toEqual({
      message: 'mlflow.internal is a name inside a network',
      fix: 'Use a public name. If this one is meant, the operator of the receiver can add mlflow.internal to OUTBOUND_ALLOW_HOSTS.',
    })
    expect(await guard.checkUrl('https://mlflow/')).not.toBeNull()
    expect(dns.asked).toEqual([])
  })

  it('a name that OUTBOUND_ALLOW_HOSTS has passes', async () => {
    const { guard } = await guardOf({ allow_hosts: ['mlflow.internal', '*.corp'] }, { env })
    expect(await guard.checkUrl('https://mlflow.internal/')).toBeNull()
    expect(await guard.checkUrl('https://hooks.corp/')).toBeNull()
    expect(await guard.checkUrl('https://other.internal/')).not.toBeNull()
  })

  it('what NO_PROXY names is resolved and checked as without one', async () => {
    const names = { 'direct.example.org': ['10.0.0.9'] }
    const { guard } = await guardOf({}, { env, names })
    expect(await guard.checkUrl('https://direct.example.org/')).toMatchObject({
      message: 'direct.example.org leads to 10.0.0.9, a private address',
    })
  })
})

describe('a name that changes', () => {
  it('is refused when it leads inside at the moment of the request', async () => {
    const tried = watchConnections()
    const { guard, dns, send } = await guardOf({}, { names: { 'rebind.example.org': ['93.184.215.14'] } })
    expect(await guard.checkUrl('https://rebind.example.org/')).toBeNull()
    dns.names.set('rebind.example.org', ['127.0.0.1'])
    expect(await send('https://rebind.example.org/')).toMatchObject({
      kind: 'refused',
      refusal: { message: expect.stringContaining('127.0.0.1') as string },
    })
    expect(tried).toEqual([])
  })

  it('is resolved once for a request: what was checked is what is connected to', async () => {
    const tried = watchConnections()
    const names = { 'flip.example.org': ['127.0.0.77'] }
    const { guard, dns, send } = await guardOf({ allow_cidrs: ['127.0.0.77/32'] }, { names })
    const addressesOf = guard.addressesOf.bind(guard)
    // Another answer waits from the moment of the first question on.
    guard.addressesOf = async (host) => {
      const checked = await addressesOf(host)
      dns.names.set(host, ['127.0.0.1'])
      return checked
    }
    expect(await send('https://flip.example.org:9/')).toMatchObject({ kind: 'no-answer' })
    expect(tried).toEqual(['127.0.0.77'])
    expect(dns.asked).toHaveLength(2) // A and AAAA
  })
})
