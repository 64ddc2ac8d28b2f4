import { describe, expect, it } from 'vitest'
import { databricks } from '../../receiver/sources/databricks/databricks.ts'
import { hmacSha256 } from '../../receiver/sources/signature.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { connected, jsonFixture, parseAs, requestOf } from './fixtures.ts'

interface Vector {
  name: string
  secret: string
  body: string
  expected: string
}
const VECTORS = jsonFixture('vectors', 'databricks.json')['vectors'] as unknown as Vector[]

function verify(body: string | Buffer, given: { signature?: string; authorization?: string }, accepted = {}) {
  const headers = { 'x-databricks-signature': given.signature, authorization: given.authorization }
  return connected(databricks, accepted).verify(requestOf(body, { headers }))
}

function parse(body: JsonObject, given = {}) {
  const [event] = parseAs(databricks, JSON.stringify(body), given)
  if (event === undefined) throw new Error('no event')
  return event
}

function payload(name: string): JsonObject {
  return jsonFixture('payloads', 'databricks', `${name}.json`)
}

describe.each(VECTORS)('Databricks’ signature of $name', ({ body, secret, expected }) => {
  it.each([expected, expected.toUpperCase()])('is accepted as %s', (signature) => {
    expect(verify(body, { signature }, { secrets: ['old', secret] })).toEqual({ ok: true, secret: 1 })
  })

  it('is refused with one bit flipped, in the body or in the signature', () => {
    const bytes = Buffer.from(body)
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
    const flipped = (expected.startsWith('0') ? '1' : '0') + expected.slice(1)
    expect(verify(bytes, { signature: expected }, { secrets: [secret] }).ok).toBe(false)
    expect(verify(body, { signature: flipped }, { secrets: [secret] }).ok).toBe(false)
  })

  it('is refused under another secret, as base64, and when the header is missing', () => {
    const base64 = Buffer.from(expected, 'hex').toString('base64')
    expect(verify(body, { signature: expected }, { secrets: ['another'] }).ok).toBe(false)
    expect(verify(body, { signature: base64 }, { secrets: [secret] }).ok).toBe(false)
    expect(verify(body, {}, { secrets: [secret] }).ok).toBe(false)
  })
})

describe('credentials of a Databricks source', () => {
  const signature = hmacSha256('secret', Buffer.from('{}')).toString('hex')

  it('may be the whole Authorization header', () => {
    const configured = { authorization: 'Bearer dbx' }
    expect(verify('{}', { authorization: 'Bearer dbx' }, configured)).toEqual({
      ok: true,
      secret: null,
    })
    expect(verify('{}', { authorization: 'dbx' }, configured).ok).toBe(false)
  })

  it('must all hold', () => {
    const both = { secrets: ['secret'], authorization: 'Bearer dbx' }
    expect(verify('{}', { signature }, both).ok).toBe(false)
    expect(verify('{}', { authorization: 'Bearer dbx' }, both).ok).toBe(false)
    expect(verify('{}', { signature, authorization: 'Bearer dbx' }, both).ok).toBe(true)
  })
})

describe('a Databricks event', () => {
  it.each(['STAGING', 'PRODUCTION', 'ARCHIVED'])(
    'to %s has its stage even where the body leaves it out',
    (stage) => {
      const to_stage = stage.charAt(0) + stage.slice(1).toLowerCase()
      for (const event of [
        `MODEL_VERSION_TRANSITIONED_TO_${stage}`,
        `TRANSITION_REQUEST_TO_${stage}_CREATED`,
      ]) {
        expect(parse({ event, model_name: 'm' }).event.change.to_stage).toBe(to_stage)
      }
    },
  )

  it('is kept under its name where the name is unknown', () => {
    expect(parse({ event: 'MODEL_VERSION_DELETED', model_name: 'm' })).toMatchObject({
      event: { type: 'MODEL_VERSION_DELETED', kind: 'other', title: 'MODEL_VERSION_DELETED: m' },
      hint: null,
    })
  })

  it('is UNKNOWN where the body names none, with what to do', () => {
    expect(parse({ text: 'hello' })).toMatchObject({
      event: { type: 'UNKNOWN', kind: 'other', extra: { text: 'hello' } },
      hint: expect.stringContaining('"event"') as string,
    })
  })

  it('is the one that the URL states', () => {
    expect(parse(payload('COMMENT_CREATED'), { event: 'MODEL_VERSION_CREATED' }).event).toMatchObject({
      type: 'MODEL_VERSION_CREATED',
      extra: { event: 'COMMENT_CREATED', comment: 'Raw text content of the comment' },
    })
  })

  it('takes a version as number, and as nothing but a number', () => {
    expect(parse({ event: 'COMMENT_CREATED', model_name: 'm', version: 8 }).event.model?.pinned).toBe(
      'models:/m/8',
    )
    const { model, extra } = parse({ event: 'COMMENT_CREATED', model_name: 'm', version: 'Production' }).event
    expect([model?.version, model?.pinned, extra]).toEqual([null, null, { version: 'Production' }])
  })

  it.each([-1, 'soon', 1e300, null, {}, [1589859029343], true])('has no time in %j', (event_timestamp) => {
    expect(parse({ event: 'COMMENT_CREATED', event_timestamp }).event.occurred_at).toBeNull()
  })

  it.each([
    [
      [{ key: 'a', value: 'b' }, { key: 'c' }, { key: 'd', value: 1 }],
      ['a=b', 'c', 'd=1'],
    ],
    [[null, 'x', {}, { value: 'v' }, [], { key: {} }], []],
    ['a=b', []],
    [{ key: 'a', value: 'b' }, []],
  ])('has of the tags %j the tags %j', (tags, texts) => {
    const { change } = parse({ event: 'MODEL_VERSION_TAG_SET', model_name: 'm', tags }).event
    expect([change.tags, change.tag]).toEqual([texts, texts[0] ?? null])
  })
})

describe('the flat fields of a Databricks event', () => {
  it('are the documented ones, "" where absent, tags as JSON', () => {
    expect(parse(payload('MODEL_VERSION_TAG_SET')).flat).toEqual({
      event_type: 'MODEL_VERSION_TAG_SET',
      model_name: 'Airline_Delay_SparkML',
      version: '8',
      from_stage: '',
      to_stage: '',
      tags: '[{"key":"key1","value":"value1"},{"key":"key2","value":"value2"}]',
      comment: '',
      text: "example@yourdomain.com set version tag(s) 'key1' => 'value1', 'key2' => 'value2' for registered model 'someModel' version 8.",
      webhook_id: '8d7fc634e624474f9bbfde960fdf354c',
    })
  })
})

describe('two Databricks requests', () => {
  const generic = payload('MODEL_VERSION_TRANSITIONED_STAGE')
  const key = (body: JsonObject) => parse(body).identity.key

  it('are the same for 72 hours when their bytes are', () => {
    const { identity } = parse(generic)
    expect(identity).toMatchObject({ rule: 'delivery', value: identity.key, window_ms: 72 * 3600 * 1000 })
    expect(parse(generic, { dedupe_ms: 5 }).identity.window_ms).toBe(5)
  })

  it('are the same when they tell of one stage change under its generic and its specific name', () => {
    const specific: JsonObject = {
      ...generic,
      event: 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION',
      webhook_id: 'b',
      text: 'other',
    }
    expect(key(specific)).toBe(key(generic))
    const { to_stage: _stage, ...unsaid } = specific
    expect(key(unsaid)).toBe(key(generic))
  })

  it('are the same when they tell of one request for a stage under its two names', () => {
    const specific = {
      ...payload('TRANSITION_REQUEST_CREATED'),
      event: 'TRANSITION_REQUEST_TO_PRODUCTION_CREATED',
    }
    expect(key(specific)).toBe(key(payload('TRANSITION_REQUEST_CREATED')))
  })

  it.each([
    { version: '9' },
    { to_stage: 'Staging' },
    { event_timestamp: 1589859029344 },
    { model_name: 'other' },
  ])('are two when they differ in %j', (difference) =>
    expect(key({ ...generic, ...difference })).not.toBe(key(generic)),
  )

  it('are two when one asks for a stage and one tells of it', () => {
    const asked = { ...generic, event: 'TRANSITION_REQUEST_CREATED' }
    expect(key(asked)).not.toBe(key(generic))
  })

  it('are compared by their bytes when they tell of anything else', () => {
    const comment = payload('COMMENT_CREATED')
    expect(key({ ...comment, webhook_id: 'b' })).not.toBe(key(comment))
  })

  it('are two when they test two webhooks', () => {
    const test = { ...generic, text: 'A test webhook trigger for webhook a' }
    expect(parse(test).event.test).toBe(true)
    expect(key({ ...test, webhook_id: 'b' })).not.toBe(key(test))
  })
})
