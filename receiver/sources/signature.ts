import { createHmac } from 'node:crypto'
import { equalDigests, equalSecrets, sentBytes } from '../secrets/equal.ts'
import type { Verification } from './source.ts'

/** How the bytes of a signature are written. */
export type SignatureEncoding = 'hex' | 'base64'

const DIGEST_BYTES = 32
const HEX = /^[0-9a-f]{64}$/i

/**
 * Returns the 32 bytes of an HMAC-SHA256 that came as hex (any case), base64 or base64url, each with or without
 * `sha256=`; null for anything else. The lengths tell them apart: 64 characters against 43 or 44.
 */
export function decodeSignature(
  text: string,
  encodings: readonly SignatureEncoding[] = ['hex', 'base64'],
): Buffer | null {
  const digest = text.trim().replace(/^sha256=/i, '')
  if (HEX.test(digest)) return encodings.includes('hex') ? Buffer.from(digest, 'hex') : null
  const bytes = encodings.includes('base64') ? fromBase64(digest) : null
  return bytes?.length === DIGEST_BYTES ? bytes : null
}

/**
 * Returns the bytes of a signature in base64 or base64url, with or without its padding; null for anything else. Bits of
 * the last character that stand for nothing must be 0: of each signature there is one text, and a changed one fails.
 */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  const bare = text
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  return bytes.toString('base64url') === bare ? bytes : null
}

/** Returns the HMAC-SHA256 of the content. A text key counts as UTF-8. */
export function hmacSha256(key: string | Uint8Array, content: Uint8Array): Buffer {
  return createHmac('sha256', key).update(content).digest()
}

/**
 * Returns the index of the first key under which one of the signatures is the HMAC (SHA-256 by default) of the content,
 * or null. Every key is tried with every signature. An empty key matches nothing.
 */
export function matchingKey(
  content: Uint8Array,
  signatures: readonly Uint8Array[],
  keys: readonly (string | Uint8Array)[],
  algorithm: 'sha256' | 'sha512' = 'sha256',
): number | null {
  const matches = keys.map((key) => {
    const digest = createHmac(algorithm, key).update(content).digest()
    const equal = signatures.map((signature) => equalDigests(signature, digest))
    return key.length > 0 && equal.includes(true)
  })
  const first = matches.indexOf(true)
  return first < 0 ? null : first
}

/** The values that `verifyHmac` compares. */
export interface HmacCheck {
  /** The raw bytes that were signed. */
  body: Uint8Array
  /** The header's name for people, e.g. `X-Wandb-Signature`. */
  name: string
  /** The header's value. */
  header: string | undefined
  /** Every secret that counts. */
  secrets: readonly string[]
  encodings?: readonly SignatureEncoding[]
}

/**
 * Returns whether the header is the HMAC-SHA256 of the body under one of the secrets, and which; null without secrets.
 */
export function verifyHmac({ body, name, header, secrets, encodings }: HmacCheck): Verification | null {
  if (secrets.length === 0) return null
  if (header === undefined || header === '') return unsigned(`the header ${name}`)
  const digest = decodeSignature(header, encodings)
  if (digest === null) {
    return refused(`the header ${name} is no HMAC-SHA256 in ${(encodings ?? ['hex', 'base64']).join(' or ')}`)
  }
  const index = matchingKey(body, [digest], secrets)
  if (index !== null) return { ok: true, secret: index }
  return refused(`the header ${name} fits none of the source's secrets (${secrets.length})`)
}

/**
 * Returns whether the `Authorization` header is `Bearer` and the access token (RFC 6750; the scheme in any case).
 * `expected` null means that none is configured: the answer is null.
 */
export function verifyBearer(header: string | undefined, expected: string | null): Verification | null {
  if (expected === null) return null
  if (header === undefined || header === '') return refused('the header Authorization is missing')
  const given = /^bearer +(.+)$/is.exec(header)?.[1]
  if (given === undefined) return refused('the header Authorization is not of the form Bearer')
  if (equalSecrets(sentBytes(given), expected.trim())) return { ok: true, secret: null }
  return refused("the header Authorization does not hold the source's access_token")
}

/**
 * Returns whether the `Authorization` header is the whole configured value. `expected` null means that none is
 * configured: the answer is null.
 */
export function verifyAuthorization(
  header: string | undefined,
  expected: string | null,
): Verification | null {
  if (expected === null) return null
  if (header === undefined || header === '') return refused('the header Authorization is missing')
  if (equalSecrets(sentBytes(header), expected.trim())) return { ok: true, secret: null }
  return refused("the header Authorization is not the source's authorization")
}

/**
 * Returns one verdict of the checks that are configured (not null): the first refusal, else the index of the secret
 * that matched, and what is stale. With none configured the verdict is a refusal: a source that takes unverified
 * requests on purpose does not ask.
 */
export function allOf(checks: readonly (Verification | null)[]): Verification {
  const configured = checks.filter((check) => check !== null)
  const refusal = configured.find((check) => !check.ok)
  if (refusal !== undefined) return refusal
  if (configured.length === 0) return refused('the source has no credentials to check with')
  const held = configured.filter((check) => check.ok)
  const secret = held.find((check) => check.secret !== null)?.secret ?? null
  const stale = held.find((check) => check.stale !== undefined)?.stale
  return { ok: true, secret, ...(stale === undefined ? {} : { stale }) }
}

/** Returns the refusal of a request that carries no signature at all; `where` is the place of it, for people. */
export function unsigned(where: string): Verification {
  return { ok: false, reason: `${where} is missing`, unsigned: true }
}

/** Returns the refusal of a request; `reason` is for our log only. */
export function refused(reason: string): Verification {
  return { ok: false, reason }
}
