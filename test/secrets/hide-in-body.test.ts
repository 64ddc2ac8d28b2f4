import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/contract/model-event.ts'
import { hideSecrets } from '../../receiver/secrets/hide-in-body.ts'
import { parseJson } from '../../receiver/ingest/parse-json.ts'

const secrets = ['signing-"secret"', 'token-0001', 'dapi-77777']
const hide = (body: unknown) => hideSecrets(Buffer.from(JSON.stringify(body)), secrets).toString()

describe('a template that renders a credential into its own body', () => {
  it('leaves none of it in what is stored', () => {
    const body = { a: 'token-0001', b: 'x signing-"secret" y', c: ['dapi-77777'] }
    expect(JSON.parse(hide(body))).toEqual({ a: '[secret]', b: 'x [secret] y', c: ['[secret]'] })
  })

  it('is the only body that is touched', () => {
    for (const text of ['{"a":1}', '{"a":"b\\/c\\u003cd\\n"}', '{"a":"signing-\\"secret"}']) {
      const body = Buffer.from(text)
      expect(hideSecrets(body, secrets)).toBe(body)
    }
  })

  it.each([
    ["PHP's", '{"a":"x a\\/b\\/c+signing<secret>&0123456789== y"}'],
    ["Go's", '{"a":"x a/b/c+signing\\u003csecret\\u003e\\u00260123456789== y"}'],
    ["anybody's", '{"a":"x a/b/c+signing<secret>&\\u0030\\u0031\\u00323456789\\u003D= y"}'],
    ['a mixture of', '{"a":"x a\\/b/c\\u002Bsigning<secret\\u003e&0123456789== y"}'],
  ])('hides it under %s escapes, and leaves the rest as it was', (_, text) => {
    const escaped = ['a/b/c+signing<secret>&0123456789==']
    const body = Buffer.from(text.replace('}', ',  "n": 1.50, "o": "\\u00e9\\/"}'))
    expect(hideSecrets(body, escaped).toString()).toBe('{"a":"x [secret] y",  "n": 1.50, "o": "\\u00e9\\/"}')
  })

  it('hides it in keys and in numbers, and the body stays JSON', () => {
    const body = Buffer.from('{"x1234567890": [12345678901, true, -1], "\\u0031234567890": null}')
    expect(JSON.parse(hideSecrets(body, ['1234567890']).toString())).toEqual({
      'x[secret]': ['[secret]', true, -1],
      '[secret]': null,
    })
  })

  it('hides it where the template does not escape its quotes', () => {
    const body = Buffer.from('{"a":"signing-"secret"","b":"\\u0073igning-\\"secret\\""}')
    expect(hideSecrets(body, secrets).toString()).toBe('{"a":"[secret]","b":"[secret]"}')
  })

  it('leaves nothing of the longer one of two that begin alike', () => {
    const body = Buffer.from('{"a":"signing-key-of-tomorrow"}')
    expect(hideSecrets(body, ['signing-key', 'signing-key-of-tomorrow']).toString()).toBe('{"a":"[secret]"}')
  })

  it('never keeps it, in bytes or in the event, whatever escapes its characters are written with', () => {
    fc.assert(
      fc.property(leakingDocument, ({ secret, text, crossed }) => {
        fc.pre(!crossed)
        const kept = hideSecrets(Buffer.from(text), [...secrets, secret])
        const event = parseJson(kept, false)
        expect(kept.toString()).not.toContain(secret)
        const parts = [...textsOf(event), ...textsOf(JSON.parse(kept.toString()) as Json)]
        for (const part of parts) expect(part).not.toContain(secret)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Well-formed, as every configured one is: read as UTF-8. Often of characters that JSON writes in several ways. */
const secretText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 8, maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(...Array.from('/<>&"\\\n\u0001\u2028é漢😀abu0')),
    minLength: 8,
    maxLength: 24,
  }),
  fc.string({ unit: fc.constantFrom('a', '\\'), minLength: 8, maxLength: 12 }),
)

/** A body with its source's secret in values and keys, in any spelling. */
const leakingDocument = secretText.chain((secret) =>
  documentWith(secret).map((body) => ({ secret, ...body })),
)

/** `crossed`: by chance the plain characters of the secret stand across JSON's own quotes. */
function documentWith(secret: string): fc.Arbitrary<{ text: string; crossed: boolean }> {
  const around = fc.oneof(fc.constant(''), fc.string({ maxLength: 6 }), fc.constant(secret.slice(0, 5)))
  const leak = fc.tuple(around, around, around).map(([a, b, c]) => a + secret + b + secret + c)
  const string = fc.oneof(leak, fc.constant(secret), fc.string())
  const spelled = fc
    .tuple(string, fc.infiniteStream(fc.nat({ max: 5 })))
    .map(([value, choices]) => [`"${Array.from(value, (character) => spell(character, choices)).join('')}"`])
  const { value } = fc.letrec<{ value: string[] }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      spelled,
      fc.constantFrom('1.5', 'true', 'null').map((word) => [word]),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => ['[', ...items.flatMap(comma), ']']),
      fc
        .array(fc.tuple(spelled, tie('value')), { maxLength: 3 })
        .map((items) => ['{', ...items.map(([key, item]) => [...key, ':', ...item]).flatMap(comma), '}']),
    ),
  }))
  return fc.tuple(spelled, spelled, value).map(([key, last, rest]) => {
    const tokens = ['{', ...key, ': ', ...last, ',\n', '"rest"', ':', ...rest, '}']
    const text = tokens.join('')
    return { text, crossed: text.includes(secret) && !tokens.some((token) => token.includes(secret)) }
  })
}

const comma = (item: string[], i: number) => (i === 0 ? item : [',', ...item])

const SHORT = new Map(
  Object.entries({ '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '"': '"', '\\': '\\', '/': '/' }),
)

/** One character as JSON may spell it. */
function spell(character: string, choices: Iterator<number>): string {
  const choice = Number(choices.next().value)
  const short = SHORT.get(character)
  if (choice === 1 && short !== undefined) return `\\${short}`
  const must = character === '"' || character === '\\' || character < ' '
  if (choice > 2 && !must) return character
  return Array.from({ length: character.length }, (_, i) => {
    const hex = character.charCodeAt(i).toString(16).padStart(4, '0')
    return `\\u${choice === 2 ? hex.toUpperCase() : hex}`
  }).join('')
}

/** Every string and key in it. */
function textsOf(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)])
}
