import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { hmac } from '../../receiver/sources/hmac/hmac.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { connected, jsonFixture, requestOf } from './fixtures.ts'

interface Vector {
  name: string
  secret: string
  timestamp?: number
  body: string
  headers: Record<string, string>
}
const VECTORS = jsonFixture('vectors', 'hmac.json')['vectors'] as unknown as Vector[]

/** How each sender signs, as a user configures it. */
const SIGNATURES: Readonly<Record<string, JsonObject>> = {
  GitHub: { header: 'X-Hub-Signature-256', pattern: 'sha256={signature}' },
  Stripe: {
    header: 'X-Langfuse-Signature',
    pattern: 't={timestamp},v1={signature}',
    signed: '{timestamp}.{body}',
  },
  Slack: {
    header: 'X-Slack-Signature',
    pattern: 'v0={signature}',
    timestamp: 'X-Slack-Request-Timestamp',
    signed: 'v0:{timestamp}:{body}',
  },
  Shopify: { header: 'X-Shopify-Hmac-Sha256', encoding: 'base64' },
  Onfleet: { header: 'X-Onfleet-Signature', algorithm: 'sha512', secret_encoding: 'hex' },
}

const signatureFor = ({ name }: Vector) => SIGNATURES[name.split(',')[0] ?? ''] ?? {}

function verify(
  vector: Vector,
  secrets: string[],
  {
    age_s = 0,
    ...changes
  }: { age_s?: number; body?: string; headers?: Record<string, string | undefined> } = {},
) {
  const { body, headers } = { ...vector, ...changes }
  const source = connected(hmac, { secrets }, { settings: { signature: signatureFor(vector) } })
  const now = ((vector.timestamp ?? 0) + age_s) * 1000
  return source.verify({ ...requestOf(body, { headers }), now })
}

describe.each(VECTORS)('the signature of $name', (vector) => {
  const { secret, headers, body } = vector
  const [[name, value] = ['', '']] = Object.entries(headers).filter(([each]) => !each.endsWith('timestamp'))
  const other = 'ab'.repeat(16)

  it('is accepted under the old and the new secret at once, and the verdict says which it was', () => {
    expect(verify(vector, [other, secret])).toEqual({ ok: true, secret: 1 })
  })

  it('is refused with one byte changed in the body, the secret, the signature or its prefix', () => {
    const flipped = value.slice(0, -4) + (value.at(-4) === '0' ? '1' : '0') + value.slice(-3)
    const wrong = [
      verify(vector, [secret], { body: `${body} ` }),
      verify(vector, [other]),
      verify(vector, [secret], { headers: { ...headers, [name]: flipped } }),
      verify(vector, [secret], { headers: { ...headers, [name]: `x${value}` } }),
      verify(vector, [secret], { headers: { ...headers, [name]: '' } }),
      verify(vector, [secret], { headers: {} }),
    ]
    expect(wrong.map(({ ok }) => ok)).toEqual(wrong.map(() => false))
  })

  it('is stale after 300 seconds where a timestamp is signed', () => {
    const dated = vector.timestamp !== undefined
    expect(verify(vector, [secret], { age_s: 300 })).toEqual({ ok: true, secret: 0 })
    expect('stale' in verify(vector, [secret], { age_s: 301 })).toBe(dated)
    expect('stale' in verify(vector, [secret], { age_s: -301 })).toBe(dated)
  })
})

describe('a header with several signatures', () => {
  const langfuse = VECTORS.find(({ name }) => name.startsWith('Stripe'))
  if (langfuse === undefined) throw new Error('there is no such vector')
  const [, good = ''] = (langfuse.headers['x-langfuse-signature'] ?? '').split(',')
  const bad = `v1=${'0'.repeat(64)}`
  const sent = (header: string) =>
    verify(langfuse, [langfuse.secret], { headers: { 'x-langfuse-signature': header } })

  it.each([
    `t=1764235800,${bad},${good}`,
    `${good}, t=1764235800, v0=6ffbb59b`,
    `t=1764235800 ${bad};${good}`,
  ])('is accepted when one of them holds: %s', (header) => {
    expect(sent(header)).toEqual({ ok: true, secret: 0 })
  })

  it.each([
    `t=1764235800,${bad}`,
    `t=1764235801,${good}`,
    `t=1764235800,t=1764235801,${good}`,
    good,
    `t=1764235800,${good.replace('v1', 'v0')}`,
    't=,v1=',
  ])('is refused when none does: %s', (header) => {
    expect(sent(header).ok).toBe(false)
  })

  it('may come in the query in place of a header', () => {
    const settings = { signature: { query: 'sig' } }
    const source = connected(hmac, { secrets: ["It's a Secret to Everybody"] }, { settings })
    const query = new URLSearchParams({
      sig: '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    })
    const request = { ...requestOf('Hello, World!'), query }
    expect(source.verify(request)).toEqual({ ok: true, secret: 0 })
    expect(source.verify({ ...request, query: new URLSearchParams() }).ok).toBe(false)
  })
})

/** What is wrong with a source of these settings. */
function faults(settings: JsonObject, secrets = ['secret']) {
  const credentials = { secrets, access_token: null, authorization: null }
  const parsed = z.object(hmac.settings).parse(settings)
  return (hmac.check?.({ credentials, settings: parsed }) ?? []).map(
    ({ path, message }) => `${path.join('.')} ${message}`,
  )
}

describe('a signature that could not protect', () => {
  const header = 'X-Signature'

  it.each<[string, JsonObject, string]>([
    ['has no {signature}', { header, pattern: 'v1=' }, 'signature.pattern has no {signature}'],
    ['has an unknown word', { header, pattern: '{x}{signature}' }, 'signature.pattern {x} is unknown here'],
    [
      'covers no body',
      { header, signed: 'fixed' },
      'signature.signed has no {body}: anybody could change it',
    ],
    ['stands nowhere', {}, 'signature must name either a header or a query parameter'],
    ['stands twice', { header, query: 'sig' }, 'signature must name either a header or a query parameter'],
    [
      'has a timestamp from nowhere',
      { header, signed: '{timestamp}.{body}' },
      'signature.signed has {timestamp}, and nothing says where it stands',
    ],
    [
      'covers an id from nowhere',
      { header, signed: '{id}.{body}' },
      'signature.signed has {id}, and no header is known to hold it',
    ],
    [
      'leaves its timestamp unsigned',
      { header, pattern: 't={timestamp},v1={signature}' },
      'signature.pattern the timestamp is not signed: whoever repeats a request can write a new one',
    ],
    [
      'has a tolerance and no signed timestamp',
      { header, timestamp: 'X-Time', tolerance: 60 },
      'signature.tolerance the timestamp is not signed: whoever repeats a request can write a new one',
    ],
  ])('is refused when the configuration is read: it %s', (_why, signature, fault) => {
    expect(faults({ signature })).toEqual([fault])
  })

  it('is refused without secrets, and with secrets that are not written as it says', () => {
    expect(faults({ signature: { header } }, [])).toEqual(['signature has no secrets to check it with'])
    expect(faults({ signature: { header, secret_encoding: 'hex' } })).toEqual([
      'secrets.0 cannot be read as hex',
    ])
  })

  it.each(Object.entries(SIGNATURES))('is not the one of %s', (_name, signature) => {
    expect(faults({ signature }, ['ab'.repeat(8)])).toEqual([])
  })
})

describe('a sender that signs nothing', () => {
  it('is verified by its token alone', () => {
    const source = connected(hmac, { access_token: 'token' })
    const sent = (authorization: string) => source.verify(requestOf('{}', { headers: { authorization } }))
    expect(sent('Bearer token')).toEqual({ ok: true, secret: null })
    expect(sent('Bearer another').ok).toBe(false)
  })
})

describe('two requests of a sender', () => {
  const identity = (settings: JsonObject, headers: Record<string, string>, body: JsonObject = {}) =>
    connected(hmac, {}, { settings }).parse(body, requestOf(JSON.stringify(body), { headers }))[0]?.identity

  it('are one delivery under one id, which may stand in a header or in the body', () => {
    expect(identity({ delivery_id: 'X-Id' }, { 'x-id': '1' })).toMatchObject({ rule: 'delivery' })
    expect(identity({ delivery_id: { body: 'data.id' } }, {}, { data: { id: 1 } })).toMatchObject({
      rule: 'delivery',
      body_hash: null,
    })
  })

  it('with one body under two ids are marked as a repeat unless the id is signed', () => {
    const signed = { header: 'X-S', signed: '{id}.{body}' }
    expect(identity({ delivery_id: 'X-Id' }, { 'x-id': '1' })?.body_hash).toHaveLength(64)
    expect(identity({ delivery_id: 'X-Id', signature: signed }, { 'x-id': '1' })?.body_hash).toBeNull()
  })

  it('without an id are told apart by the last body of their model', () => {
    expect(identity({ delivery_id: 'X-Id' }, {})).toMatchObject({ rule: 'last', window_ms: 10_000 })
  })
})
