/** The most that a delivery's record keeps of a request or a response body, in bytes of UTF-8. */
export const RECORD_LIMIT = 8 * 1024

/**
 * What GitHub's credentials look like: classic and fine-grained personal tokens, App tokens (also the stateless
 * `ghs_APPID_JWT` form of over 500 characters) and bare JWTs. Tokens may look like anything else too, which is
 * why the one in use is masked by its value.
 */
const TOKEN_SHAPES = [
  /gh[pousr]_[A-Za-z0-9_.-]{16,}/g,
  /github_pat_[A-Za-z0-9_]{16,}/g,
  /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
]

const MASK = '***'

/** Shorter values are no secrets, and masking every place where they occur would leave nothing readable. */
const SHORTEST_SECRET = 8

/** Masks every one of `secrets` (also in its JSON-escaped form) and everything that has the shape of a GitHub token. */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
  const masked = known.reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
  return TOKEN_SHAPES.reduce((rest, shape) => rest.replace(shape, MASK), masked)
}

/** Cuts to at most `limit` bytes of UTF-8, never inside a character, and says so with a final `…`. */
export function bound(text: string, limit: number = RECORD_LIMIT): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  let end = Math.max(0, limit - Buffer.byteLength('…'))
  while (end > 0 && isContinuation(bytes[end])) end -= 1
  return `${bytes.subarray(0, end).toString()}…`
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** Text from elsewhere as part of one sentence: on one line, at most 500 bytes, without control or bidi characters. */
export function inline(text: string): string {
  return bound(text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim(), 500)
}
