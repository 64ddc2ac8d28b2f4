import { hash } from 'node:crypto'
import { canonicalJson } from '../../src/contract/canonical-json.ts'
import { cleanJson } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'

/** How two requests are told to be the same one. */
export interface Identity {
  /** `delivery`: any earlier request with this key counts. `last`: only the newest one of `key` does. */
  rule: 'delivery' | 'last'
  /** The scope of the comparison; the store prefixes the source's name. */
  key: string
  /** For `last`: what must be equal (a hash in hex). For `delivery`: the same as `key`. */
  value: string
  /** How long it counts, in ms. */
  window_ms: number
  /** Hex SHA-256 of a body without delivery id: a later repeat carries `repeat_of`. Else null. */
  body_hash: string | null
}

/**
 * Returns the identity of a request whose URL states its event: the same body at `?event=A` and at `?event=B` tells of
 * two changes. Without a stated event the identity stays as it is.
 */
export function withStated(identity: Identity, stated: string | null): Identity {
  if (stated === null) return identity
  const mark = (text: string) => sha256Hex(JSON.stringify([stated, text]))
  const { key, value, body_hash } = identity
  return {
    ...identity,
    key: mark(key),
    value: mark(value),
    body_hash: body_hash === null ? null : mark(body_hash),
  }
}

/** Returns the hex SHA-256 of bytes, or of a text in UTF-8. */
export function sha256Hex(content: Uint8Array | string): string {
  return hash('sha256', content, 'hex')
}

/** Returns the hex SHA-256 of a JSON value, the same whatever the order of its keys. */
export function canonicalHash(value: Json): string {
  return sha256Hex(canonicalJson(cleanJson(value) ?? null))
}
