import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_CHANGE, NO_MODEL, SCHEMA, decodeModelEvent } from '../../src/contract/model-event.ts'
import { aliasAdded, stageChanged, versionLinked } from '../action/events.ts'

const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('reading an event off the wire', () => {
  it.each([aliasAdded, versionLinked, stageChanged])('gives back what was written: $title', (event) => {
    expect(decodeModelEvent(wire(event))).toEqual(event)
  })

  it('gives back a run event, which has no model', () => {
    const event = { ...aliasAdded, kind: 'run.changed', model: null, run: { name: 'r1', loss: [1, null] } }
    expect(decodeModelEvent(wire(event))).toEqual(event)
  })

  it('ignores keys that a newer version added, at every level', () => {
    const newer = {
      ...aliasAdded,
      digest: 'x',
      source: { ...aliasAdded.source, region: 'eu' },
      model: { ...aliasAdded.model, size: 1 },
      change: { ...aliasAdded.change, reason: 'x' },
    }
    expect(decodeModelEvent(newer)).toEqual(aliasAdded)
  })

  it('fills in what is missing as absent', () => {
    expect(decodeModelEvent({ schema: SCHEMA })).toEqual({
      schema: SCHEMA,
      id: '',
      source: { name: '', type: '' },
      type: 'UNKNOWN',
      kind: 'other',
      title: '',
      author: null,
      occurred_at: null,
      received_at: '',
      test: false,
      own: false,
      synthetic: false,
      repeat_of: null,
      replay_of: null,
      model: null,
      change: NO_CHANGE,
      run: null,
      metadata: {},
      extra: {},
    })
  })

  it('takes values of another type, and empty texts, for absent', () => {
    const event = decodeModelEvent({
      schema: SCHEMA,
      author: '',
      test: 'true',
      model: { name: 7, version: '' },
      change: { tags: ['a', 1, 'b'], alias: {} },
      metadata: [1],
    })
    expect(event).toMatchObject({ author: null, test: false, model: NO_MODEL, metadata: {} })
    expect(event?.change).toEqual({ ...NO_CHANGE, tags: ['a', 'b'] })
  })

  it('takes a kind that it does not know for `other`, and keeps those of prompts', () => {
    expect(decodeModelEvent({ schema: SCHEMA, kind: 'version.signed' })?.kind).toBe('other')
    expect(decodeModelEvent({ schema: SCHEMA, kind: 'prompt_alias.created' })?.kind).toBe(
      'prompt_alias.created',
    )
  })

  it.each([null, undefined, 'x', 1, [], {}, { schema: 'model-dispatch/2' }, [{ schema: SCHEMA }]])(
    'gives null for %j',
    (value) => {
      expect(decodeModelEvent(value)).toBeNull()
    },
  )

  it('keeps a hostile `__proto__` of the metadata as a key like any other', () => {
    const body: unknown = JSON.parse(`{"schema":"${SCHEMA}","metadata":{"__proto__":{"admin":true}}}`)
    const metadata = decodeModelEvent(body)?.metadata ?? {}
    expect(Object.keys(metadata)).toEqual(['__proto__'])
    expect(metadata['admin']).toBeUndefined()
  })

  it('never throws, and always gives plain JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(aliasAdded)), fc.anything()), (parts) => {
        const event = decodeModelEvent({ ...parts, schema: SCHEMA })
        expect(decodeModelEvent(wire(event))).toEqual(event)
      }),
    )
    fc.assert(fc.property(fc.anything(), (value) => decodeModelEvent(value) === null))
  })
})
