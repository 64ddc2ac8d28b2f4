import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allOf,
  decodeSignature,
  hmacSha256,
  matchingKey,
  verifyAuthorization,
  verifyBearer,
  verifyHmac,
} from '../../receiver/sources/signature.ts'
import { equalSecrets } from '../../receiver/secrets/equal.ts'

const BODY = Buffer.from('{"key1": "value1"}')
const DIGEST = hmacSha256('right', BODY)
const header = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { nil: undefined })

describe('a signature', () => {
  it.each([
    ['hex', DIGEST.toString('hex')],
    ['upper-case hex', DIGEST.toString('hex').toUpperCase()],
    ['hex after sha256=', `sha256=${DIGEST.toString('hex')}`],
    ['base64', DIGEST.toString('base64')],
    ['base64 without padding', DIGEST.toString('base64').replace('=', '')],
    ['base64url', DIGEST.toString('base64url')],
    ['base64 after sha256=', `sha256=${DIGEST.toString('base64')}`],
    ['base64 amid spaces', ` ${DIGEST.toString('base64')} `],
  ])('is read as %s', (_, text) => expect(decodeSignature(text)).toEqual(DIGEST))

  it.each([
    ['nothing', ''],
    ['a prefix alone', 'sha256='],
    ['too short', DIGEST.toString('hex').slice(2)],
    ['too long', `${DIGEST.toString('hex')}00`],
    ['another algorithm', `sha1=${DIGEST.toString('hex')}`],
    ['two at once', `${DIGEST.toString('base64')}, ${DIGEST.toString('base64')}`],
    ['not hex', 'g'.repeat(64)],
  ])('is refused as %s', (_, text) => expect(decodeSignature(text)).toBeNull())

  it('is refused in an encoding that the registry does not use', () => {
    expect(decodeSignature(DIGEST.toString('base64'), ['hex'])).toBeNull()
    expect(decodeSignature(DIGEST.toString('hex'), ['base64'])).toBeNull()
  })

  it('is read back from any digest, whatever its bytes', () => {
    const digests = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(
        digests,
        fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const),
        (digest, encoding) => {
          expect(decodeSignature(digest.toString(encoding))).toEqual(digest)
        },
      ),
    )
  })
})

describe('the secret that matched', () => {
  it('is the first of several that fits', () => {
    expect(matchingKey(BODY, [DIGEST], ['old', 'right', 'right'])).toBe(1)
    expect(matchingKey(BODY, [Buffer.alloc(32), DIGEST], ['right'])).toBe(0)
    expect(matchingKey(BODY, [DIGEST], ['old', 'Right'])).toBeNull()
  })

  it('is never an empty one', () => {
    expect(matchingKey(BODY, [hmacSha256('', BODY)], [''])).toBeNull()
    expect(equalSecrets('', '')).toBe(false)
  })

  it('is a whole text', () => {
    expect(equalSecrets('token', 'token')).toBe(true)
    expect(['tokens', 'toke', 'Token', 'token\0', ''].map((text) => equalSecrets(text, 'token'))).toEqual(
      Array(5).fill(false),
    )
  })

  it('may be of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array(), (key, content) => {
        expect(matchingKey(content, [hmacSha256(key, content)], [Buffer.from('other'), key])).not.toBeNull()
      }),
    )
  })
})

describe('a check', () => {
  it('gives no verdict when it is not configured', () => {
    expect(verifyHmac({ body: BODY, name: 'X-Sig', header: 'x', secrets: [] })).toBeNull()
    expect(verifyBearer('Bearer x', null)).toBeNull()
    expect(verifyAuthorization('x', null)).toBeNull()
  })

  it.each([
    ['Bearer abc', true],
    ['bearer abc', true],
    ['BEARER   abc', true],
    ['Bearer abcd', false],
    ['Bearer', false],
    ['Basic abc', false],
    ['abc', false],
    ['', false],
    [undefined, false],
  ])('takes %j for the access token: %j', (value, ok) => expect(verifyBearer(value, 'abc')?.ok).toBe(ok))

  it('takes the whole Authorization header and nothing else where that is configured', () => {
    expect(verifyAuthorization('token abc', 'token abc')).toEqual({ ok: true, secret: null })
    expect(
      [undefined, '', 'abc', 'Token abc'].map((value) => verifyAuthorization(value, 'token abc')?.ok),
    ).toEqual(Array(4).fill(false))
  })

  it('compares the bytes of the Authorization header, also beyond ASCII', () => {
    const sent = Buffer.from('à la carte').toString('latin1')
    expect(verifyBearer(`Bearer ${sent}`, 'à la carte')?.ok).toBe(true)
    expect(verifyAuthorization(sent, 'à la carte')?.ok).toBe(true)
  })

  it('names the header and never the secret or what came', () => {
    const refusals = [
      verifyHmac({ body: BODY, name: 'X-Sig', header: undefined, secrets: ['hush'] }),
      verifyHmac({ body: BODY, name: 'X-Sig', header: 'came', secrets: ['hush'] }),
      verifyHmac({ body: BODY, name: 'X-Sig', header: DIGEST.toString('hex'), secrets: ['hush'] }),
      verifyBearer('Bearer came', 'hush'),
      verifyAuthorization('came', 'hush'),
    ]
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        ok: false,
        reason: expect.stringMatching(/X-Sig|Authorization/) as string,
      })
      expect(JSON.stringify(refusal)).not.toMatch(/hush|came/)
    }
  })

  it('never throws, whatever the header', () => {
    fc.assert(
      fc.property(header, (value) => {
        expect(verifyHmac({ body: BODY, name: 'X-Sig', header: value, secrets: ['a'] })?.ok).toBe(false)
        expect(verifyBearer(value, 'a secret')?.ok).toBe(false)
        expect(verifyAuthorization(value, 'a secret')?.ok).toBe(false)
      }),
    )
  })
})

describe('several checks', () => {
  it('hold together: one refusal refuses', () => {
    const refusal = { ok: false, reason: 'no' } as const
    expect(allOf([{ ok: true, secret: 1 }, null, refusal])).toEqual(refusal)
    expect(allOf([null, { ok: true, secret: null }, { ok: true, secret: 1 }])).toEqual({
      ok: true,
      secret: 1,
    })
    expect(allOf([{ ok: true, secret: null }])).toEqual({ ok: true, secret: null })
  })

  it('let nobody in when none is configured', () => expect(allOf([null, null]).ok).toBe(false))
})
