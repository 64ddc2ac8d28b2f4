/** The longest that any answer of GitHub may make us wait: a primary limit resets within the hour. */
export const LONGEST_WAIT_MS = 65 * 60_000

type Headers = Readonly<Record<string, string | undefined>>

/** `Retry-After` in ms: whole seconds or an HTTP date; null when it is absent or anything else. */
export function retryAfter(headers: Headers, now: number): number | null {
  const value = headers['retry-after']?.trim()
  if (value === undefined) return null
  if (/^\d{1,12}$/.test(value)) return capped(Number(value) * 1000)
  const at = httpDate(value)
  return at === null ? null : capped(at - serverTime(headers, now))
}

/**
 * How long a primary limit lasts, in ms: until `x-ratelimit-reset` (Unix seconds) by GitHub's own clock, and a
 * second more, since the header is rounded; null when the header makes no sense.
 */
export function untilReset(headers: Headers, now: number): number | null {
  const reset = headers['x-ratelimit-reset']?.trim() ?? ''
  if (!/^\d{1,12}(\.\d+)?$/.test(reset)) return null
  return capped(Number(reset) * 1000 - serverTime(headers, now) + 1000)
}

function capped(ms: number): number {
  return Math.min(Math.max(ms, 1000), LONGEST_WAIT_MS)
}

/** GitHub's clock where it says the time, Unix ms: ours may be wrong, and both times come from the same answer. */
export function serverTime(headers: Headers, now: number): number {
  return httpDate(headers['date']) ?? now
}

/** The three forms of RFC 9110, section 5.6.7: today's, that of RFC 850, and that of C's asctime. */
const FORMS = [
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
]

/**
 * A date of an HTTP header as Unix time in ms; null for anything else. `Date.parse` alone would take `-5` and `60.5`
 * for days long ago.
 */
export function httpDate(value: string | undefined): number | null {
  const text = value?.trim() ?? ''
  if (!FORMS.some((form) => form.test(text))) return null
  // The last form names no zone: HTTP's times are all GMT.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? null : at
}
