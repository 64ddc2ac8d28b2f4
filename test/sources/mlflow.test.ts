import { describe, expect, it } from 'vitest'
import { mlflow } from '../../receiver/sources/mlflow/mlflow.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { connected, fixtureNames, jsonFixture, parseAs, requestOf } from './fixtures.ts'

interface Vector {
  name: string
  secret: string
  delivery_id: string
  timestamp: string
  body: string
  expected: string
}
const VECTORS = jsonFixture('vectors', 'mlflow.json')['vectors'] as unknown as Vector[]

/** Asks a source with these secrets about a vector, changed as told and read `age_s` seconds after it was signed. */
function verify(vector: Vector, secrets: string[], changes: Partial<Vector> & { age_s?: number } = {}) {
  const { delivery_id, timestamp, body, expected, age_s = 0 } = { ...vector, ...changes }
  const headers = {
    'x-mlflow-delivery-id': delivery_id,
    'x-mlflow-timestamp': timestamp,
    'x-mlflow-signature': expected,
  }
  const now = (Number(vector.timestamp) + age_s) * 1000
  return connected(mlflow, { secrets }).verify({ ...requestOf(body, { headers }), now })
}

describe.each(VECTORS)('MLflow’s signature of "$name"', (vector) => {
  const { secret, body, expected } = vector

  it('is accepted under the old and the new secret at once', () => {
    expect(verify(vector, ['old', secret])).toEqual({ ok: true, secret: 1 })
  })

  it('is refused with one bit changed in the signature, the body, the id or the timestamp', () => {
    const digest = Buffer.from(expected.slice('v1,'.length), 'base64')
    digest.writeUInt8(digest.readUInt8(0) ^ 1, 0)
    const flipped = `v1,${digest.toString('base64')}`
    const changes = [
      { expected: flipped },
      { body: `${body} ` },
      { delivery_id: 'x' },
      { timestamp: '1234567891' },
    ]
    for (const change of changes) expect(verify(vector, [secret], change).ok).toBe(false)
  })

  it.each(['', 'v2,', 'v1=', 'sha256='])('is refused with the prefix "%s" in place of v1,', (prefix) => {
    expect(verify(vector, [secret], { expected: prefix + expected.slice(3) }).ok).toBe(false)
  })

  it.each([-300, 0, 300])('holds %i seconds after it was made', (age_s) => {
    expect(verify(vector, [secret], { age_s })).toEqual({ ok: true, secret: 0 })
  })

  it.each([
    [301, '301 s ago'],
    [-301, '301 s ahead'],
  ])('is stale %i seconds after it was made, which the verdict says', (age_s, where) => {
    expect(verify(vector, [secret], { age_s })).toEqual({
      ok: true,
      secret: 0,
      stale: `the signed timestamp is ${where}, and 300 s are allowed: compare the clocks`,
    })
  })
})

describe('an MLflow request without a signature', () => {
  it('is refused, and says which header is missing', () => {
    const source = connected(mlflow, { secrets: ['secret'] })
    expect(source.verify(requestOf('{}'))).toEqual({
      ok: false,
      reason: 'the header X-MLflow-Signature is missing',
      unsigned: true,
    })
  })
})

function parse(body: JsonObject, given = {}) {
  const [event] = parseAs(mlflow, JSON.stringify(body), given)
  if (event === undefined) throw new Error('no event')
  return event
}

const envelope = (entity: string, action: string, data: JsonObject): JsonObject => ({
  entity,
  action,
  timestamp: '2025-07-31T08:27:32.080217+00:00',
  data,
})

describe('an MLflow event', () => {
  it('of an alias has the alias, the version and both URIs', () => {
    const body = envelope('model_version_alias', 'created', {
      name: 'resnet50',
      alias: 'production',
      version: '3',
    })
    expect(parse(body).event).toMatchObject({
      type: 'model_version_alias.created',
      kind: 'alias.added',
      title: 'resnet50 3 -> production',
      occurred_at: '2025-07-31T08:27:32.080Z',
      model: {
        name: 'resnet50',
        version: '3',
        reference: 'models:/resnet50@production',
        pinned: 'models:/resnet50/3',
      },
      change: { alias: 'production' },
      extra: {},
    })
  })

  it('of a workspace has it as entity', () => {
    const body = { ...envelope('model_version', 'created', { name: 'm', version: '2' }), workspace: 'team-a' }
    expect(parse(body).event.model).toMatchObject({ entity: 'team-a', name: 'm', version: '2' })
    expect(parse(body).flat['workspace']).toBe('team-a')
  })

  it('keeps the run that logged the version', () => {
    const body = envelope('model_version', 'created', {
      name: 'm',
      version: '2',
      run_id: 'abc',
      source: 'models:/m-1',
    })
    expect(parse(body).event).toMatchObject({ run: { id: 'abc' }, extra: { source: 'models:/m-1' } })
  })

  it.each([
    ['set', { key: 'status', value: 'ok' }, 'status=ok'],
    ['set', { key: 'status', value: '' }, 'status'],
    ['deleted', { key: 'status' }, 'status'],
  ])('of a tag that was %s with %j has the tag %s', (action, pair, tag) => {
    const { change } = parse(
      envelope('model_version_tag', action, { name: 'm', version: '1', ...pair }),
    ).event
    expect([change.tag, change.tags]).toEqual([tag, [tag]])
  })

  it('about a prompt keeps its own name as kind, and is of the type prompt', () => {
    const body = envelope('prompt_alias', 'created', { name: 'summarise', alias: 'production', version: '7' })
    expect(parse(body).event).toMatchObject({
      kind: 'prompt_alias.created',
      model: { type: 'prompt', reference: 'prompts:/summarise@production', pinned: 'prompts:/summarise/7' },
      change: { alias: 'production' },
    })
  })

  it.each([
    ['review_queue_item', 'updated', 'review_queue_item.updated'],
    ['model_version', 'deleted', 'model_version.deleted'],
  ])('of the unknown pair %s and %s is kept as other', (entity, action, type) => {
    expect(parse(envelope(entity, action, { name: 'm' }))).toMatchObject({
      event: { type, kind: 'other' },
      hint: null,
    })
  })

  it('is UNKNOWN where the body names none, with what to do', () => {
    expect(parse({ text: 'hello' })).toMatchObject({
      event: { type: 'UNKNOWN', kind: 'other', extra: { text: 'hello' } },
      hint: expect.stringContaining('"entity"') as string,
    })
  })

  it.each(['2025-07-31', '2025-07-31T08:27:32', 'soon', 1753950452, null, {}])(
    'has no time in %j',
    (timestamp) => {
      expect(parse({ ...envelope('model_version', 'created', {}), timestamp }).event.occurred_at).toBeNull()
    },
  )
})

describe('a test of MLflow', () => {
  it.each(fixtureNames('payloads', 'mlflow'))('is recognised in %s, the body of its test call', (name) => {
    expect(parse(jsonFixture('payloads', 'mlflow', name)).event.test).toBe(true)
  })

  it.each([
    { name: 'example_model', alias: 'production', version: '1' },
    { name: 'example_model', version: '1', key: 'status', value: 'ok' },
    { name: 'example_model', version: '1', tags: { example_key: 'example_value', team: 'vision' } },
    { name: 'resnet50', alias: 'example_alias', version: '1' },
  ])('is not seen in %j, which a person could have named so', (data) => {
    expect(parse(envelope('model_version', 'created', data)).event.test).toBe(false)
  })
})

describe('two MLflow requests', () => {
  const body = JSON.stringify(envelope('model_version', 'created', { name: 'm', version: '1' }))
  const identity = (id: string | undefined, text = body) => {
    const source = connected(mlflow)
    const request = requestOf(text, { headers: { 'x-mlflow-delivery-id': id } })
    return source.parse(JSON.parse(text) as JsonObject, request)[0]?.identity
  }

  it('with one delivery id are one delivery for 72 hours, whatever they hold', () => {
    expect(identity('a')).toMatchObject({ rule: 'delivery', window_ms: 72 * 3600 * 1000, body_hash: null })
    expect(identity('a', '{}')?.key).toBe(identity('a')?.key)
  })

  it('with two delivery ids are two, and without one are told apart by their bytes', () => {
    expect(identity('a')?.key).not.toBe(identity('b')?.key)
    expect(identity(undefined)?.key).toBe(identity('')?.key)
    expect(identity(undefined)?.key).not.toBe(identity(undefined, '{}')?.key)
  })
})
