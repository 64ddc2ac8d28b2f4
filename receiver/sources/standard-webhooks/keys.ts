import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { fromBase64, matchingKey } from '../signature.ts'

/** A key that a source of Standard Webhooks checks signatures with. */
export type Key = { scheme: 'v1'; bytes: Buffer } | { scheme: 'v1a'; key: KeyObject }

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const ED25519_BYTES = 32

/**
 * Reads a secret: `whsec_` and base64 (the prefix may be missing), or `whpk_` and the base64 of a public ed25519 key.
 * Returns null for anything else, private keys (`whsk_`) included.
 */
export function readKey(secret: string): Key | null {
  const [, prefix = 'whsec_', text = ''] = /^(whsec_|whpk_|whsk_)?(.*)$/s.exec(secret.trim()) ?? []
  if (prefix === 'whsk_' || !BASE64.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0) return null
  if (prefix === 'whsec_') return { scheme: 'v1', bytes }
  if (bytes.length !== ED25519_BYTES) return null
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }
  return { scheme: 'v1a', key: createPublicKey({ key: jwk, format: 'jwk' }) }
}

/** Returns the index of the first key that made one of the signatures (`v1,…`, `v1a,…`) of the content, or null. */
export function signingKey(
  content: Uint8Array,
  signatures: readonly string[],
  keys: readonly (Key | null)[],
): number | null {
  const hmacs = decoded(signatures, 'v1,')
  const ed25519 = decoded(signatures, 'v1a,')
  const matches = keys.map((key) => {
    if (key === null) return false
    if (key.scheme === 'v1') return matchingKey(content, hmacs, [key.bytes]) !== null
    return ed25519.some((signature) => verify(null, content, key.key, signature))
  })
  const first = matches.indexOf(true)
  return first < 0 ? null : first
}

function decoded(signatures: readonly string[], prefix: string): Buffer[] {
  return signatures
    .filter((each) => each.startsWith(prefix))
    .map((each) => fromBase64(each.slice(prefix.length)))
    .filter((each) => each !== null)
}
