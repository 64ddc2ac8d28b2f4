import { hash, timingSafeEqual } from 'node:crypto'

/**
 * Returns whether two secret texts or byte strings are equal. An empty one never is. Every comparison of a secret in
 * this project ends in this file: digests of equal length are compared in constant time, so the answer's time tells nothing.
 */
export function equalSecrets(left: string | Uint8Array, right: string | Uint8Array): boolean {
  const equal = timingSafeEqual(sha256(left), sha256(right))
  return equal && left.length > 0
}

/** Returns whether two digests are equal, in constant time. Digests of different lengths are not. */
export function equalDigests(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Returns the bytes of a header value as they were sent: Node gives each as the Latin-1 character of its number. */
export function sentBytes(header: string): Buffer {
  return Buffer.from(header, 'latin1')
}

/** Returns the SHA-256 of bytes, or of a text in UTF-8. */
export function sha256(value: string | Uint8Array): Buffer {
  return hash('sha256', value, 'buffer')
}
