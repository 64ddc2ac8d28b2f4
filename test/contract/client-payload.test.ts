import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ClientPayloadError,
  LIMITS,
  checkEventType,
  completeClientPayload,
  encodeClientPayload,
} from '../../src/contract/client-payload.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { decodeClientPayload } from '../../src/contract/read-client-payload.ts'
import { aliasAdded, envelope, modelEvent, stageChanged } from '../action/events.ts'

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const received = (payload: JsonObject) => decodeClientPayload(JSON.parse(JSON.stringify(payload)))

/** What W&B sent, in its own spelling. */
const flat = {
  event_type: 'ADD_ARTIFACT_ALIAS',
  event_author: 'jane',
  artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
  artifact_version_string: 'my-team/model-registry/resnet50:production',
  artifact_collection_name: 'resnet50',
  project_name: 'model-registry',
  entity_name: 'my-team',
  alias: 'production',
  tag: '',
}

describe('the default client_payload of a W&B event', () => {
  it('has the ten keys that workflows rely on, with the values of the body', () => {
    const { model_event, ...fields } = encodeClientPayload(aliasAdded, flat, envelope)
    expect(fields).toEqual(flat)
    expect(model_event).toEqual({ ...aliasAdded, ...envelope, truncated: [] })
  })

  it('derives what the body did not hold from the event', () => {
    const { model_event: _, ...fields } = encodeClientPayload(aliasAdded, {}, envelope)
    expect(fields).toEqual(flat)
  })

  it('passes on the texts of the body unchanged where they differ from the event', () => {
    expect(encodeClientPayload(aliasAdded, { ...flat, event_author: 'Jane' }, envelope)).toMatchObject({
      event_author: 'Jane',
    })
  })

  it('leaves no other field of the body on top', () => {
    const payload = encodeClientPayload(aliasAdded, { ...flat, automation_name: 'x', ref: 'main' }, envelope)
    expect(Object.keys(payload)).toEqual([...Object.keys(flat), 'model_event'])
  })

  it('has empty texts for what a run event does not have', () => {
    const payload = encodeClientPayload(modelEvent({ model: null, author: null }), {}, envelope)
    expect(payload).toMatchObject({ artifact_version: '', artifact_version_string: '', event_author: '' })
  })
})

describe('the default client_payload of other registries', () => {
  it("has Databricks's own fields by their names", () => {
    const body = {
      text: 'Registered model',
      model_name: 'Airline_Delay_SparkML',
      version: '8',
      from_stage: 'None',
      to_stage: 'Production',
      tags: '',
      event_timestamp: '1589859029343',
      webhook_id: 'c5',
    }
    const { model_event, ...fields } = encodeClientPayload(stageChanged, body, envelope)
    expect(fields).toEqual({
      event_type: 'MODEL_VERSION_TRANSITIONED_STAGE',
      model_name: 'Airline_Delay_SparkML',
      version: '8',
      from_stage: 'None',
      to_stage: 'Production',
      text: 'Registered model',
      webhook_id: 'c5',
    })
    expect(model_event).toMatchObject({ kind: 'stage.changed', delivery_id: 'dlv_01' })
  })

  it('has at most eight flat fields, and none that would hide one of ours', () => {
    const source = { name: 'mlflow', type: 'mlflow' }
    const many = Object.fromEntries('abcdefghijklm'.split('').map((key) => [key, key]))
    const payload = encodeClientPayload(modelEvent({ source }), { model_event: 'forged', ...many }, envelope)
    expect(Object.keys(payload)).toEqual(['event_type', ...'abcdefgh'.split(''), 'model_event'])
    expect(received(payload)?.event.source).toEqual(source)
  })
})

describe('reading a client_payload', () => {
  it('gives back event and envelope', () => {
    const payload = encodeClientPayload(aliasAdded, flat, envelope)
    expect(received(payload)).toEqual({ event: aliasAdded, envelope: { ...envelope, truncated: [] } })
  })

  it('fills in an envelope that is not there', () => {
    expect(decodeClientPayload({ model_event: aliasAdded })?.envelope).toEqual({
      delivery_id: '',
      delivery_url: null,
      automation: '',
      parameters: {},
      subject_key: '',
      dedupe_key: '',
      truncated: [],
    })
  })

  it('gives null where there is no event of ours', () => {
    expect(decodeClientPayload(flat)).toBeNull()
    fc.assert(fc.property(fc.anything(), (value) => decodeClientPayload(value) === null))
    fc.assert(fc.property(fc.anything(), (value) => decodeClientPayload({ model_event: value }) === null))
  })
})

describe('the budget of a client_payload', () => {
  const long = 'x'.repeat(70_000)

  it('leaves what fits alone', () => {
    const metadata = { note: 'x'.repeat(50_000) }
    expect(received(encodeClientPayload(modelEvent({ metadata }), flat, envelope))).toMatchObject({
      event: { metadata },
      envelope: { truncated: [] },
    })
  })

  it('drops the largest entries of the metadata first and names them', () => {
    const metadata = { accuracy: 0.93, history: long, notes: 'x'.repeat(1000) }
    const decoded = received(
      encodeClientPayload(modelEvent({ metadata, extra: { a: 'kept' } }), flat, envelope),
    )
    expect(decoded?.event.metadata).toEqual({ accuracy: 0.93, notes: 'x'.repeat(1000) })
    expect(decoded?.event.extra).toEqual({ a: 'kept' })
    expect(decoded?.envelope.truncated).toEqual(['model_event.metadata.history'])
  })

  it('drops extra keys next, and shortens comments last', () => {
    const parts = { metadata: { a: 'x' }, extra: { b: long }, change: { comment: 'y'.repeat(65_000) } }
    const decoded = received(encodeClientPayload(modelEvent(parts), flat, envelope))
    expect(decoded?.envelope.truncated).toEqual([
      'model_event.metadata.a',
      'model_event.extra.b',
      'model_event.change.comment',
    ])
    expect(decoded?.event.change.comment).toMatch(/^y{50000,}…$/)
    expect(decoded?.event.model).toEqual(modelEvent().model)
  })

  it('counts bytes, not characters, and escapes as they are sent', () => {
    for (const character of ['é', '漢', '🚀', '"', '\\', '\n', '\u0001']) {
      const metadata = {
        a: character.repeat(20_000),
        b: character.repeat(20_000),
        c: character.repeat(20_000),
      }
      expect(bytes(encodeClientPayload(modelEvent({ metadata }), flat, envelope))).toBeLessThanOrEqual(60_000)
    }
  })

  it('names a thousand cuts as one', () => {
    const metadata = Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`key_${index}`, index]))
    const decoded = received(encodeClientPayload(modelEvent({ metadata }), flat, envelope))
    expect(decoded?.envelope.truncated).toEqual(['model_event.metadata.*'])
    expect(Object.keys(decoded?.event.metadata ?? {}).length).toBeGreaterThan(2000)
  })

  it('cuts other long texts only after all that', () => {
    const decoded = received(
      encodeClientPayload(modelEvent({ author: long }), { ...flat, alias: long }, envelope),
    )
    expect(decoded?.envelope.truncated).toContain('model_event.author')
    expect(decoded?.envelope.truncated).toContain('alias')
    expect(decoded?.event.model).toEqual(modelEvent().model)
  })

  it('sends no lone surrogate and no U+0000, which GitHub would refuse', () => {
    const metadata = { 'a\ud800': 'b\udc00\0' }
    const payload = encodeClientPayload(modelEvent({ metadata }), { ...flat, tag: '\ud800' }, envelope)
    expect(JSON.stringify(payload)).not.toMatch(/\\u(?:d[89a-f]|0000)/i)
  })

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc
      .tuple(fc.constantFrom('a', '"', '\\', 'é', '漢', '🚀', '\ud800', '\0'), fc.nat({ max: 40_000 }))
      .map(([character, times]) => character.repeat(times)),
  )
  const json = fc.oneof(
    text,
    fc.dictionary(text, text, { maxKeys: 5 }),
    fc.array(text, { maxLength: 5 }),
    fc.nat({ max: 9_000 }).map((size) => Array.from({ length: size }, String)),
  )
  const object = fc.dictionary(fc.oneof(fc.string(), text), json, { maxKeys: 5 })

  it('is never exceeded, whatever the event holds', () => {
    fc.assert(
      fc.property(
        fc.record({ metadata: object, extra: object, run: object, parameters: object }),
        fc.record({ author: text, name: text, comment: text, tags: fc.array(text), type: text }),
        fc.dictionary(text, text, { maxKeys: 12 }),
        fc.constantFrom('wandb', 'databricks', 'mlflow'),
        ({ parameters, ...objects }, { author, name, comment, tags, type }, fields, source) => {
          const event = modelEvent({
            ...(objects as Record<string, JsonObject>),
            source: { name: source, type: source },
            author,
            type,
            model: { name, reference: name },
            change: { comment, tags },
          })
          const sent = { ...envelope, parameters: parameters as JsonObject }
          const payload = encodeClientPayload(event, fields, sent)
          expect(bytes(payload)).toBeLessThanOrEqual(LIMITS.payload_bytes)
          expect(Object.keys(payload).length).toBeLessThanOrEqual(LIMITS.top_level_keys)
          expect(received(payload)?.envelope.delivery_id).toBe('dlv_01')
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe("a user's own client_payload", () => {
  const add = { model_event: true }

  it('gets the event under a key that is free', () => {
    const payload = completeClientPayload({ model: 'm' }, aliasAdded, envelope, add)
    expect(payload).toEqual({ model: 'm', model_event: { ...aliasAdded, ...envelope, truncated: [] } })
  })

  it('gets no event where that is turned off, ten keys are taken, or it has a model_event of its own', () => {
    const ten = Object.fromEntries('abcdefghij'.split('').map((key) => [key, 1]))
    expect(completeClientPayload({ a: 1 }, aliasAdded, envelope, { model_event: false })).toEqual({ a: 1 })
    expect(completeClientPayload(ten, aliasAdded, envelope, add)).toEqual(ten)
    expect(completeClientPayload({ model_event: 1 }, aliasAdded, envelope, add)).toEqual({ model_event: 1 })
  })

  it('is never cut: the event gives way, first in parts, then as a whole', () => {
    const event = modelEvent({ metadata: { history: 'x'.repeat(20_000) } })
    const roomy = { text: 'x'.repeat(50_000) }
    expect(completeClientPayload(roomy, event, envelope, add)).toMatchObject({
      ...roomy,
      model_event: { metadata: {}, truncated: ['model_event.metadata.history'] },
    })
    const full = { text: 'x'.repeat(59_500) }
    expect(completeClientPayload(full, event, envelope, add)).toEqual(full)
  })

  it('is refused with eleven keys, saying what to do', () => {
    const eleven = Object.fromEntries('abcdefghijk'.split('').map((key) => [key, 1]))
    expect(() => completeClientPayload(eleven, aliasAdded, envelope, add)).toThrow(
      expect.objectContaining({
        message: 'The client_payload has 11 keys at its top; GitHub takes 10.',
        fix: 'Put some of them into an object under one key of client_payload.',
      }),
    )
  })

  it('is refused over 60,000 bytes, counting characters as they are sent', () => {
    const own = { text: '漢'.repeat(20_000) }
    expect(() => completeClientPayload(own, aliasAdded, envelope, add)).toThrow(/has 60011 bytes/)
  })

  it('always fits when it is not refused', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60_000 }), fc.nat({ max: 70_000 }), (own, comment) => {
        const event = modelEvent({ change: { comment: '"'.repeat(comment) } })
        const payload = () => completeClientPayload({ text: 'x'.repeat(own) }, event, envelope, add)
        if (own + 11 > LIMITS.payload_bytes) expect(payload).toThrow(ClientPayloadError)
        else expect(bytes(payload())).toBeLessThanOrEqual(LIMITS.payload_bytes)
      }),
    )
  })
})

describe('the event_type of a dispatch', () => {
  it('may have up to 100 characters', () => {
    expect(checkEventType('x'.repeat(100))).toBe('x'.repeat(100))
    expect(() => checkEventType('x'.repeat(101))).toThrow(/101 characters; GitHub takes 100/)
  })

  it('may not be empty', () => {
    expect(() => checkEventType(' ')).toThrow(ClientPayloadError)
  })
})
