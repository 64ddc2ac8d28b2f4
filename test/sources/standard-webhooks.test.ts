import { Webhook } from 'standardwebhooks'
import { Webhook as Svix } from 'svix'
import { describe, expect, it } from 'vitest'
import { standardWebhooks } from '../../receiver/sources/standard-webhooks/standard-webhooks.ts'
import { connected, jsonFixture, parseAs, requestOf } from './fixtures.ts'

interface Vector {
  name: string
  secret: string
  id: string
  timestamp: number
  body: string
  expected: string
}
const vectorsOf = (file: string) => jsonFixture('vectors', file)['vectors'] as unknown as Vector[]
const VECTORS = [...vectorsOf('standard-webhooks.json'), ...vectorsOf('standard-webhooks-v1a.json')]
const DECOY = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='

/** Asks a source with these secrets about a vector, changed as told and read `age_s` seconds after it was signed. */
function verify(
  vector: Vector,
  secrets: string[],
  changes: { expected?: string; id?: string; timestamp?: string; body?: string; age_s?: number } = {},
  prefix = 'webhook',
) {
  const { id, timestamp, body, expected, age_s = 0 } = { ...vector, ...changes }
  const headers = {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(timestamp),
    [`${prefix}-signature`]: expected,
  }
  const now = (vector.timestamp + age_s) * 1000
  return connected(standardWebhooks, { secrets }).verify({ ...requestOf(body, { headers }), now })
}

describe.each(VECTORS)('the signature of Standard Webhooks "$name"', (vector) => {
  const { secret, expected, body } = vector
  const other = 'whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cw=='

  it('is accepted under the old and the new secret at once, and the verdict says which it was', () => {
    expect(verify(vector, [other, secret])).toEqual({ ok: true, secret: 1 })
  })

  it('is accepted under the names of Svix', () => {
    expect(verify(vector, [secret], {}, 'svix')).toEqual({ ok: true, secret: 0 })
  })

  it('is found in a list of signatures', () => {
    const list = [DECOY, DECOY.replace('v1,', 'v2,'), expected, DECOY].join(' ')
    expect(verify(vector, [secret], { expected: list })).toEqual({ ok: true, secret: 0 })
  })

  it('is refused with one bit changed in the signature, the body, the id or the timestamp', () => {
    const [version = '', text = ''] = expected.split(',')
    const digest = Buffer.from(text, 'base64')
    digest.writeUInt8(digest.readUInt8(0) ^ 1, 0)
    const changes = [
      { expected: `${version},${digest.toString('base64')}` },
      { body: `${body} ` },
      { id: `${vector.id}x` },
      { timestamp: String(vector.timestamp + 1) },
      { expected: expected.replace(',', '=') },
      { expected: `v2,${text}` },
      { expected: text },
      { expected: 'v1,' },
      { expected: 'v1a,' },
    ]
    for (const change of changes) expect(verify(vector, [secret], change).ok).toBe(false)
  })

  it.each([-300, 0, 300])('holds %i seconds after it was made', (age_s) => {
    expect(verify(vector, [secret], { age_s })).toEqual({ ok: true, secret: 0 })
  })

  it.each([-301, 301])('is stale %i seconds after it was made', (age_s) => {
    expect(verify(vector, [secret], { age_s })).toMatchObject({
      ok: true,
      stale: expect.stringContaining('300 s are allowed') as string,
    })
  })
})

describe('what other programs sign', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = '{"type":"alias.added","data":{"model":"Modèle 模型"}}'
  const at = new Date('2026-11-27T09:30:00Z')

  it.each([
    ['standardwebhooks', new Webhook(secret)],
    ['svix', new Svix(secret)],
  ])('is accepted from the library %s', (_name, library) => {
    const timestamp = at.getTime() / 1000
    const expected = library.sign('msg_1', at, body)
    const vector = { name: '', secret, id: 'msg_1', timestamp, body, expected }
    expect(verify(vector, [secret])).toEqual({ ok: true, secret: 0 })
  })

  it('is not stale by what parseInt makes of the timestamp', async () => {
    const timestamp = `${at.getTime() / 1000}abc`
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const { createHmac } = await import('node:crypto')
    const expected = `v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')}`
    const vector = { name: '', secret, id: 'msg_1', timestamp: at.getTime() / 1000, body, expected }
    expect(verify(vector, [secret], { timestamp })).toMatchObject({
      stale: 'the signed timestamp is no Unix time in seconds',
    })
  })
})

describe('a secret of Standard Webhooks', () => {
  const faults = (secret: string) =>
    standardWebhooks.check?.({
      credentials: { secrets: [secret], access_token: null, authorization: null },
      settings: {},
    })

  it.each(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    'may be %s',
    (secret) => {
      expect(faults(secret)).toEqual([])
    },
  )

  it.each(['whsec_', 'whsec_%', 'whpk_AAAA', 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=', 'a b'])(
    'cannot be %s, which is told when the configuration is read',
    (secret) => {
      expect(faults(secret)).toMatchObject([
        { path: ['secrets', 0], message: 'is no secret of Standard Webhooks' },
      ])
      expect(JSON.stringify(faults(secret))).not.toContain(secret.slice(6) || 'never')
    },
  )
})

describe('an event of Standard Webhooks', () => {
  it('is read from the body that the specification recommends', () => {
    const data = { model: 'resnet50', version: 3, alias: 'production' }
    const body = JSON.stringify({ type: 'alias.added', timestamp: '2026-11-27T09:30:00Z', data })
    expect(parseAs(standardWebhooks, body)[0]?.event).toMatchObject({
      kind: 'alias.added',
      title: 'resnet50 3 -> production',
      occurred_at: '2026-11-27T09:30:00.000Z',
    })
  })

  it('is one delivery for 72 hours under its id', () => {
    const source = connected(standardWebhooks)
    const [event] = source.parse(
      {},
      requestOf('{}', { headers: { 'webhook-signature': 'v1,', 'webhook-id': 'a' } }),
    )
    expect(event?.identity).toMatchObject({ rule: 'delivery', window_ms: 72 * 3_600_000, body_hash: null })
  })
})
