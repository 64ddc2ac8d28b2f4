import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bound, excerpt, inline, redact } from '../../receiver/secrets/redact.ts'

const stateless = `ghs_1234_${'aB-_9'.repeat(30)}.${'cD'.repeat(90)}.${'eF'.repeat(90)}`

describe('masking secrets', () => {
  it.each([
    ['a classic personal token', `ghp_${'a1B2'.repeat(9)}`],
    ['an App user token', `ghu_${'a1B2'.repeat(9)}`],
    ['an old installation token', `ghs_${'a1B2'.repeat(9)}`],
    ['a stateless installation token of over 500 characters', stateless],
    ['a fine-grained personal token', `github_pat_11ABCDEFG0${'a1B2_'.repeat(12)}`],
    ["an App's JWT", `eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0In0.${'sig-_'.repeat(40)}`],
  ])('knows %s by its shape', (_, token) => {
    expect(redact(`before ${token} after`, [])).toBe('before *** after')
    expect(redact(JSON.stringify({ token }), [])).toBe('{"token":"***"}')
  })

  it('masks the token in use whatever it looks like, also as JSON escapes it', () => {
    const token = 'no "shape" at all'
    expect(redact(`${token} ${JSON.stringify({ token })}`, [token])).toBe('*** {"token":"***"}')
  })

  it.each([
    ['PHP', String.raw`opaque\/\"token\" of <every> & + sign`],
    ['Rails', String.raw`opaque/\"token\" of \u003cevery\u003e \u0026 + sign`],
    ['.NET', String.raw`opaque/\u0022token\u0022 of \u003Cevery\u003E \u0026 \u002B sign`],
  ])('masks the token in use in JSON as %s writes it', (_, escaped) => {
    const token = 'opaque/"token" of <every> & + sign'
    expect(JSON.parse(`"${escaped}"`)).toBe(token)
    expect(redact(`{"message":"${escaped}"}`, [token])).toBe('{"message":"***"}')
  })

  it('takes no longer for a long text than for its parts', () => {
    const text = 'eyJ'.repeat((8 * 1024 * 1024) / 3)
    for (const long of [text, `${text}.${text}`, 'ghp_'.repeat(1_000_000), 'eyJa.'.repeat(1_000_000)]) {
      expect(redact(long, [])).not.toBe('')
    }
  })

  it('leaves no part of a secret that contains another', () => {
    expect(redact('abcdefgh-longer', ['abcdefgh', 'abcdefgh-longer'])).toBe('***')
  })

  it('leaves ordinary words alone', () => {
    const text = 'ghp_short github_pat_ eyJ acme/ghs_model:v3'
    expect(redact(text, ['', 'a'])).toBe(text)
  })

  it('never lets a secret through, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 8 }), fc.string(), (before, secret, after) => {
        const isInMask = '***'.repeat(3).includes(secret)
        const isPartOfRest = `${before}***${after}`.includes(secret)
        fc.pre(!isInMask && !isPartOfRest)
        expect(redact(`${before}${secret}${after}`, [secret])).not.toContain(secret)
      }),
    )
  })
})

describe('bounding a record', () => {
  it('keeps what fits and cuts what does not, in bytes and between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 40 }), (text, limit) => {
        const cut = bound(text, limit)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit)
        expect(cut === text || (cut.endsWith('…') && text.startsWith(cut.slice(0, -1)))).toBe(true)
      }),
    )
  })

  it('is 8 KiB by default', () => {
    expect(Buffer.byteLength(bound('é'.repeat(10_000)))).toBeLessThanOrEqual(8192)
  })
})

describe('what is kept of a long text', () => {
  const secret = 'opaque secret of our own '.repeat(24)

  it('has no head of a secret that stands where it is cut', () => {
    expect(excerpt(`${'a'.repeat(80)}${secret}`, [secret], 100)).toBe(`${'a'.repeat(80)}***`)
    expect(inline(`${'a'.repeat(490)}${stateless}`, [])).toBe(`${'a'.repeat(490)}***`)
  })

  // What is masked gets shorter, so that the end of what was looked at comes into what is kept.
  it.each([
    ['the secret in use', secret, [secret]],
    ['a token', stateless, []],
  ])('has no head of %s that stands where nobody looks any more', (_, hidden, secrets) => {
    for (const before of [100, 200, 300]) {
      const kept = excerpt(`${'= '.repeat(before / 2)}${hidden}`.repeat(3000), secrets, 300_000)
      expect(kept).toContain('***= = ')
      expect(kept).toMatch(/^[=* ]+…$/)
    }
  })
})

describe('text from elsewhere in a sentence', () => {
  it('stays on one line, without control and bidi characters', () => {
    expect(inline(' a\r\n::error::b\u0007\u202ec ', [])).toBe('a ::error::b c')
  })
})
