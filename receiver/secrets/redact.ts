import { LONGEST_ESCAPE, maskSecret } from './mask-secret.ts'
import { maskTokens } from './mask-tokens.ts'

/** The most that a delivery's record keeps of a request or a response body, in bytes of UTF-8. */
export const RECORD_LIMIT = 8 * 1024

/** The longest quotation in a sentence, in bytes of UTF-8. */
const SENTENCE_LIMIT = 500

/** How much of a text is examined, in characters: many times what is kept, since masks are shorter than secrets. */
const LOOKED_AT = 32 * RECORD_LIMIT

const MASK = '***'

/** The least length of a secret: masking shorter values wherever they occur would leave nothing readable. */
const SHORTEST_SECRET = 8

/**
 * Masks every one of `secrets` (also where JSON escapes it) and everything that has the shape of a GitHub token, in time
 * linear in the text. Mask before cutting: half of a secret is no longer found.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
  return maskTokens(
    known.reduce((rest, secret) => maskSecret(rest, secret, MASK), text),
    MASK,
  )
}

/** Returns what is kept of a text: `secrets` masked, then cut to `limit` bytes of UTF-8. See `redact` and `bound`. */
export function excerpt(text: string, secrets: readonly string[], limit: number = RECORD_LIMIT): string {
  return bound(redactStart(text, secrets), limit)
}

/**
 * Returns foreign text as part of a sentence: `secrets` masked, on one line, at most 500 bytes, without control or bidi
 * characters.
 */
export function inline(text: string, secrets: readonly string[]): string {
  const line = redactStart(text, secrets).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
  return bound(line.trim(), SENTENCE_LIMIT)
}

/** Cuts a text to at most `limit` bytes of UTF-8, never inside a character, and marks the cut with a final `…`. */
export function bound(text: string, limit: number = RECORD_LIMIT): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  let end = Math.max(0, limit - Buffer.byteLength('…'))
  while (end > 0 && isContinuation(bytes[end])) end -= 1
  return `${bytes.subarray(0, end).toString()}…`
}

/** Returns the masked start of a text. Where the rest was not examined, the possible head of a secret is removed. */
function redactStart(text: string, secrets: readonly string[]): string {
  if (text.length <= LOOKED_AT) return redact(text, secrets)
  const masked = redact(text.slice(0, LOOKED_AT), secrets)
  const longest = Math.max(0, ...secrets.map((secret) => secret.length * LONGEST_ESCAPE))
  let end = masked.length
  while (end > 0 && /[\w.-]/.test(masked.charAt(end - 1))) end -= 1
  return `${masked.slice(0, Math.max(0, Math.min(end, masked.length - longest)))}…`
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
