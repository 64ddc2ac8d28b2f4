import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../src/contract/wandb/body.ts'
import { isCleanText, jsonFixture } from '../sources/fixtures.ts'

const ALIAS = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json')

function decode(body: unknown, event: string | null = null) {
  return decodeWandbBody(body as JsonObject, event)
}

/** What came over the wire, own `__proto__` keys included. */
function parsed(text: string) {
  return decode(JSON.parse(text))
}

describe('a hostile W&B body', () => {
  it('reaches no prototype', () => {
    const result = parsed(
      '{"__proto__":{"alias":"production"},"constructor":{"x":1},"toString":"y",' +
        '"client_payload":{"__proto__":{"event_type":"LINK_ARTIFACT"}},"metadata":{"__proto__":{"polluted":true}}}',
    )
    expect(result.event.type).toBe('UNKNOWN')
    expect(Object.keys(result.event.extra)).toEqual(['constructor', 'toString'])
    expect(result.event.metadata).toEqual({})
    expect(Object.getPrototypeOf(result.flat)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('cannot pass for another alias by U+0000 or half a character', () => {
    expect(parsed('{"alias":"production\\u0000"}').event.change.alias).toBe('production\uFFFD')
    expect(parsed('{"alias":"production\\ud800"}').flat['alias']).toBe('production\uFFFD')
  })

  it('may hold anything where text is expected', () => {
    const body = {
      event_type: null,
      alias: { a: 1 },
      tag: ['x'],
      event_author: true,
      entity_name: 5,
      client_payload: { alias: 'dev' },
    }
    const { event } = decode(body)
    expect(event).toMatchObject({
      type: 'ADD_ARTIFACT_ALIAS',
      author: null,
      change: { alias: 'dev' },
      model: { entity: '5' },
    })
    expect(event.extra).toEqual({ tag: ['x'], event_author: true })
  })

  it('has a title of one bounded line that still names the change', () => {
    const title = decode({ ...ALIAS, artifact_collection_name: `a\n\u202E${'😀'.repeat(100_000)}` }).event
      .title
    expect(title.length).toBeLessThanOrEqual(120)
    expect(title).toMatch(/^a 😀+… -> production by jane$/u)
  })

  it('may nest deeper than any stack', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const { event } = parsed(`{"extra":${deep},"metadata":{"x":${deep}}}`)
    expect(() => JSON.stringify(event)).not.toThrow()
  })

  it('is never too much, and what comes of it is plain JSON with a title that fits', () => {
    const words = fc.constantFrom(
      'event_type',
      'alias',
      'ALIAS',
      'client_payload',
      'variables',
      'metadata',
      '__proto__',
      'constructor',
      'artifact_version_string',
      'artifact_version_index',
      'artifact_metadata.x',
      'run_status',
    )
    const values = fc.oneof(
      fc.json({ maxDepth: 3, stringUnit: 'binary' }).map((text) => JSON.parse(text) as unknown),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('${alias}', 'ADD_ARTIFACT_ALIAS', 'RUN_STATE', 'a/b/c:v1', Infinity, -0),
    )
    const object = fc
      .array(fc.tuple(fc.oneof(words, fc.string()), values))
      .map((entries) => Object.fromEntries(entries))
    const bodies = fc.tuple(object, object).map(([body, inner]) => ({ ...body, client_payload: inner }))
    fc.assert(
      fc.property(fc.oneof(object, bodies), fc.option(fc.string({ unit: 'binary' })), (body, event) => {
        const { client_payload, ...result } = decode(body, event)
        // Unchanged: ingest has cleaned the whole body before.
        if (client_payload !== null) expect(client_payload).toBe((body as JsonObject)['client_payload'])
        expect(JSON.parse(JSON.stringify(result))).toEqual(result)
        expect(isCleanText(result)).toBe(true)
        expect(result.event.title.length).toBeLessThanOrEqual(120)
        expect(result.event.title).not.toMatch(/\p{Cc}/u)
        expect(result.event.title).not.toBe('')
      }),
    )
  })
})
