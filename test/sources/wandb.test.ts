import { describe, expect, it } from 'vitest'
import { hmacSha256 } from '../../receiver/sources/signature.ts'
import { wandb } from '../../receiver/sources/wandb/wandb.ts'
import { connected, fixture, jsonFixture, parseAs, requestOf } from './fixtures.ts'

interface Vector {
  body: string
  secret: string
  base64: string
  hex: string
}
const VECTORS = jsonFixture('vectors', 'wandb.json') as unknown as Record<string, Vector>

/** The headers as W&B's webhook_test.sh sends them. */
function verify(body: string | Buffer, given: { signature?: string; authorization?: string }, accepted = {}) {
  const headers = { 'x-wandb-signature': given.signature, authorization: given.authorization }
  return connected(wandb, accepted).verify(requestOf(body, { headers }))
}

function parse(body: string, given = {}) {
  const [event] = parseAs(wandb, body, given)
  if (event === undefined) throw new Error('no event')
  return event
}

describe.each(Object.entries(VECTORS))('W&B’s signature of %s', (_, { body, secret, base64, hex }) => {
  it.each([base64, hex, `sha256=${hex}`])('is accepted as %s', (signature) => {
    expect(verify(body, { signature }, { secrets: [secret] })).toEqual({ ok: true, secret: 0 })
  })

  it('is refused with one bit of the body flipped', () => {
    const bytes = Buffer.from(body)
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
    expect(verify(bytes, { signature: base64 }, { secrets: [secret] }).ok).toBe(false)
  })

  it('is refused with one bit of the signature flipped', () => {
    const bytes = Buffer.from(hex, 'hex')
    bytes.writeUInt8(bytes.readUInt8(31) ^ 1, 31)
    expect(verify(body, { signature: bytes.toString('base64') }, { secrets: [secret] }).ok).toBe(false)
  })

  it('is refused under another secret, and when the header is missing', () => {
    expect(verify(body, { signature: base64 }, { secrets: ['another'] }).ok).toBe(false)
    expect(verify(body, {}, { secrets: [secret] }).ok).toBe(false)
  })
})

describe('W&B’s own test script', () => {
  const body = '{"key1": "value1", "key2": "value2"}'
  const signature = '4tKqnWHayH0Vdy0mtiM/LbZ7bOGK7h+UrHO5F40Uk8U='
  const configured = { secrets: ['your_api_secret'], access_token: 'your_api_key' }

  it('is accepted as it is', () => {
    expect(verify(body, { signature, authorization: 'Bearer your_api_key' }, configured)).toEqual({
      ok: true,
      secret: 0,
    })
  })

  it('gets the lines to add to the template', () => {
    expect(parse(body)).toMatchObject({
      event: { type: 'UNKNOWN', kind: 'other', model: null, extra: { key1: 'value1', key2: 'value2' } },
      hint: expect.stringContaining('"wandb_event_type": "${event_type}"') as string,
    })
  })
})

describe('credentials of a W&B source', () => {
  const body = '{}'
  const signature = hmacSha256('new', Buffer.from(body)).toString('base64')

  it('may be several secrets at once: the one that matched is told', () => {
    expect(verify(body, { signature }, { secrets: ['old', 'new'] })).toEqual({ ok: true, secret: 1 })
  })

  it('must all hold', () => {
    const both = { secrets: ['new'], access_token: 'token' }
    expect(verify(body, { signature }, both).ok).toBe(false)
    expect(verify(body, { signature, authorization: 'Bearer other' }, both).ok).toBe(false)
    expect(verify(body, { authorization: 'Bearer token' }, both).ok).toBe(false)
    expect(verify(body, { signature, authorization: 'Bearer token' }, both).ok).toBe(true)
  })

  it('may be the access token alone', () => {
    expect(verify(body, { authorization: 'Bearer token' }, { access_token: 'token' })).toEqual({
      ok: true,
      secret: null,
    })
  })

  it('are never none', () => expect(verify(body, { signature }).ok).toBe(false))
})

describe('two W&B requests', () => {
  const promoted = fixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json').toString()
  const linked = fixture('payloads', 'wandb', 'SYNTH-rendered-link-artifact.json').toString()

  it('are the same if the last body of the model was the same, within ten seconds', () => {
    const { identity } = parse(promoted)
    expect(identity).toEqual(parse(promoted).identity)
    expect(identity).toMatchObject({ rule: 'last', window_ms: 10_000, body_hash: identity.value })
    expect(identity.value).toMatch(/^[0-9a-f]{64}$/)
  })

  it('are compared with each other when they are about one model', () => {
    expect(parse(linked).identity.key).toBe(parse(promoted).identity.key)
    expect(parse(linked).identity.value).not.toBe(parse(promoted).identity.value)
  })

  it('are not compared when they are about different models or runs', () => {
    const bodies = [
      promoted,
      promoted.replaceAll('resnet50', 'vit'),
      '{"run_status":"x","run_name":"a"}',
      '{"run_status":"x","run_name":"b"}',
    ]
    expect(new Set(bodies.map((body) => parse(body).identity.key)).size).toBe(4)
  })

  it('are compared as long as the source says', () => {
    expect(parse(promoted, { dedupe_ms: 0 }).identity.window_ms).toBe(0)
  })
})

it('The URL may state the event of a W&B body', () => {
  expect(parse('{}', { event: 'LINK_ARTIFACT' })).toMatchObject({
    event: { kind: 'version.linked' },
    hint: expect.stringContaining('"artifact_version_string": "${artifact_version_string}"') as string,
  })
})

describe('the test panel of W&B', () => {
  it.each(['PROPOSED-template-all-variables.json', 'template-github-dispatch-docs.json'])(
    'is told that all is right when it sends %s as it is, which counts as a test',
    (name) => {
      const [parsed] = parseAs(wandb, JSON.stringify(jsonFixture('payloads', 'wandb', name)))
      expect(parsed?.hint).toBe('This is your template, unfilled: URL, secret and token are right.')
      expect(parsed?.event).toMatchObject({ type: 'UNKNOWN', test: true })
    },
  )

  it('is told which lines are missing when the words are filled in and name no event', () => {
    const [parsed] = parseAs(wandb, '{"artifact_collection_name":"m","tag":"${tag}"}')
    expect(parsed?.hint).toContain('Add these lines')
    expect(parsed?.event.test).toBe(false)
  })
})
