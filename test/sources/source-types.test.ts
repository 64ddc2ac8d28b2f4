import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/contract/model-event.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { connected, isCleanText, parseAs, requestOf } from './fixtures.ts'

const TYPES = [...SOURCE_TYPES.values()]

it('Every source type is found by its name', () => {
  for (const [type, source] of SOURCE_TYPES) expect(source.type).toBe(type)
})

describe.each(TYPES)('the source type $type', (source) => {
  it('has a sample of each event that it documents, and understands it', () => {
    expect(Object.keys(source.samples).toSorted()).toEqual(Object.keys(source.events).toSorted())
    for (const [type, body] of Object.entries(source.samples)) {
      const [parsed] = parseAs(source, JSON.stringify(body))
      expect(parsed).toMatchObject({
        event: { type, kind: source.events[type] },
        hint: null,
        flat: { event_type: type },
      })
    }
  })

  it('says what to paste where', () => expect(source.setup).toContain('{url}'))

  it('refuses everything while it has no credentials', () => {
    expect(connected(source).verify(requestOf('{}')).ok).toBe(false)
  })

  it('verifies what it signs itself, and nothing of it with one bit changed', () => {
    const secret = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=='
    const configured = connected(source, { secrets: ['another', secret] })
    const body = Buffer.from(JSON.stringify(Object.values(source.samples)[0]))
    const { headers = {}, query } = connected(source, { secrets: [secret] }).sign?.(body, 0) ?? {}
    const sent = { ...requestOf(body, { headers: inLowerCase(headers) }), query: new URLSearchParams(query) }
    expect(configured.verify(sent)).toEqual({ ok: true, secret: 1 })
    for (const name of source.signature_headers?.filter((each) => each in sent.headers) ?? []) {
      const changed = { ...sent.headers, [name]: withOneBitChanged(sent.headers[name] ?? '') }
      expect(configured.verify({ ...sent, headers: changed }).ok, name).toBe(false)
    }
  })

  it('parses any JSON into events that are plain JSON with a title that fits', () => {
    const known = fc.constantFrom(...Object.values(source.samples))
    const anyJson = fc.json({ stringUnit: 'binary' }).map((text) => JSON.parse(text) as Json)
    const mixed = fc.tuple(known, fc.dictionary(fc.constantFrom(...sampleKeys(source.samples)), anyJson))
    const bodies = fc.oneof(
      anyJson,
      mixed.map(([sample, changes]) => ({ ...(sample as Record<string, Json>), ...changes })),
    )
    fc.assert(
      fc.property(bodies, fc.option(fc.string({ unit: 'binary' })), (body, event) => {
        const events = connected(source).parse(body, requestOf(JSON.stringify(body), { event }))
        expect(events).toHaveLength(1)
        expect(JSON.parse(JSON.stringify(events))).toEqual(events)
        expect(isCleanText(events)).toBe(true)
        expect(events.every((each) => each.event.title.length <= 120)).toBe(true)
      }),
    )
  })

  it('verifies any headers without throwing, and lets none of them in', () => {
    const names = [...(source.signature_headers ?? ['x-signature']), 'authorization']
    const headers = fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' }))
    const configured = connected(source, {
      secrets: ['one', 'two'],
      access_token: 'three',
      authorization: 'Bearer four',
    })
    fc.assert(
      fc.property(headers, fc.uint8Array(), (given, body) => {
        const verification = configured.verify(requestOf(body, { headers: given }))
        expect(verification.ok).toBe(false)
      }),
    )
  })
})

const inLowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** Not in the last character: some of its bits mean nothing in base64. */
const withOneBitChanged = (text: string) => {
  const bytes = Buffer.from(text, 'latin1')
  const at = Math.max(0, bytes.length - 6)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes.toString('latin1')
}

function sampleKeys(samples: Readonly<Record<string, Json>>): string[] {
  return [...new Set(Object.values(samples).flatMap((sample) => Object.keys(sample as object)))]
}
