import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEPTH_LIMIT, NotAnEvent, parseJson } from '../../receiver/ingest/parse-json.ts'
import { isCleanText } from '../sources/fixtures.ts'

const parse = (text: string | Uint8Array, lists = false) => parseJson(Buffer.from(text), lists)

/** Texts as attackers write them: any UTF-16 code units, surrogates and U+0000 among them. */
const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 20 })
const anyObject = fc.dictionary(fc.oneof(anyText, fc.constant('__proto__')), fc.jsonValue({ maxDepth: 3 }))

describe('a verified body', () => {
  it('is JSON or refused, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(typeof parse(bytes)).toBe('object')
        } catch (error) {
          expect(error).toBeInstanceOf(NotAnEvent)
        }
      }),
    )
  })

  it('comes out as it went in where its text is clean', () => {
    const clean = fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__' && isCleanText(key)),
      fc.jsonValue({ maxDepth: 4 }).filter(isCleanText),
    )
    fc.assert(
      fc.property(clean, (value) => {
        const text = JSON.stringify(value)
        fc.pre(!text.includes('__proto__'))
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('holds no U+0000, no lone surrogate and no key of the prototype afterwards', () => {
    fc.assert(
      fc.property(anyObject, anyText, (value, text) => {
        const parsed = parse(JSON.stringify({ value, text, [text]: [text] }))
        expect(isCleanText(parsed)).toBe(true)
        expect(JSON.stringify(parsed)).not.toContain('"__proto__":')
      }),
    )
  })

  it(`may nest ${DEPTH_LIMIT} levels, counting brackets outside of texts only`, () => {
    const list = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    expect(() => parse(list(DEPTH_LIMIT), true)).not.toThrow()
    expect(() => parse(list(DEPTH_LIMIT + 1), true)).toThrow(/64 levels/)
    expect(() => parse(JSON.stringify({ text: '[{"'.repeat(100) }))).not.toThrow()
    expect(() => parse('{"a":"\\\\"' + `,"b":${list(DEPTH_LIMIT)}}`)).toThrow(/64 levels/)
  })

  it('may be a list only for registries that send lists', () => {
    expect(parse('[{"a":1}]', true)).toEqual([{ a: 1 }])
    expect(() => parse('[{"a":1}]')).toThrow(NotAnEvent)
  })

  it('is refused with the line and column where it stops being JSON', () => {
    expect(() => parse('{\n  "a": 1,\n  b: 2\n}')).toThrow(/line 3, column 3/)
  })
})
