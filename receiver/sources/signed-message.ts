import { randomUUID } from 'node:crypto'
import { fromBase64, hmacSha256, matchingKey, refused, unsigned } from './signature.ts'
import type { Verification } from './source.ts'

/** A signature over more than the body: of MLflow's and Standard Webhooks' form. */
export interface SignedMessage {
  /** The signed bytes, in parts: `['{id}.{timestamp}.', body]`. */
  content: readonly (string | Uint8Array)[]
  /** The header's name for people. */
  name: string
  /** Every signature that came, each with its prefix. */
  signatures: readonly string[]
  /** How a signature of this kind begins: `v1,`. */
  prefix: string
  /** Every key that counts; a text counts as UTF-8. */
  keys: readonly (string | Uint8Array)[]
}

/** The size of an HMAC-SHA256, in bytes. */
const DIGEST_BYTES = 32

/** Returns whether one of the signatures is the base64 HMAC-SHA256 of the content under one of the keys, and which. */
export function verifySigned({ content, name, signatures, prefix, keys }: SignedMessage): Verification {
  if (keys.length === 0) return refused('the source has no credentials to check with')
  if (signatures.length === 0) return unsigned(`the header ${name}`)
  const digests = signatures
    .filter((each) => each.startsWith(prefix))
    .map((each) => fromBase64(each.slice(prefix.length)))
    .filter((each) => each?.length === DIGEST_BYTES)
    .filter((each) => each !== null)
  const form = `${prefix}base64`
  if (digests.length === 0) return refused(`the header ${name} is no HMAC-SHA256 in ${form}`)
  const message = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const index = matchingKey(message, digests, keys)
  if (index !== null) return { ok: true, secret: index }
  return refused(`the header ${name} fits none of the source's secrets (${keys.length})`)
}

/** A body signed now: with the id and the timestamp (Unix seconds) that are signed along. */
export interface FreshSignature {
  id: string
  timestamp: string
  signature: string
}

/** Returns the signature of a body as `{id}.{timestamp}.{body}` under a key, with an id of its own. `now`: Unix ms. */
export function signMessage(body: Uint8Array, key: string | Uint8Array, now: number): FreshSignature {
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  const timestamp = String(Math.floor(now / 1_000))
  const digest = hmacSha256(key, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]))
  return { id, timestamp, signature: `v1,${digest.toString('base64')}` }
}

/**
 * Returns what to say of a signed timestamp (Unix seconds) that lies more than `tolerance_s` seconds from `now`
 * (Unix ms), or that is none; `{}` for one that holds.
 */
export function staleness(timestamp: string, now: number, tolerance_s: number): { stale?: string } {
  if (!/^\d{1,12}$/.test(timestamp)) return { stale: 'the signed timestamp is no Unix time in seconds' }
  const age = Math.round(now / 1000) - Number(timestamp)
  if (Math.abs(age) <= tolerance_s) return {}
  const where = age > 0 ? `${age} s ago` : `${-age} s ahead`
  return { stale: `the signed timestamp is ${where}, and ${tolerance_s} s are allowed: compare the clocks` }
}
