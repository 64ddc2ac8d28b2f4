type Headers = Readonly<Record<string, string | undefined>>

/** The shortest wait, in ms: a server that asks for less has no time in mind. */
const SHORTEST_WAIT_MS = 1000

/**
 * Returns `Retry-After` in ms, from a second to `most_ms`; the header gives whole seconds or an HTTP date. Null when it
 * is absent or anything else.
 */
export function retryAfter(headers: Headers, now: number, most_ms: number): number | null {
  const value = headers['retry-after']?.trim()
  if (value === undefined) return null
  if (/^\d{1,12}$/.test(value)) return boundedWait(Number(value) * 1000, most_ms)
  const at = httpDate(value)
  return at === null ? null : boundedWait(at - serverTime(headers, now), most_ms)
}

/** Returns a wait of at least a second and at most `most_ms`. */
export function boundedWait(ms: number, most_ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_WAIT_MS), most_ms)
}

/** Returns the server's time of an answer that has a `date`, in Unix ms, else `now`: our own clock may be wrong. */
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
 * Returns a date of an HTTP header as Unix time in ms; null for anything else. `Date.parse` alone would take `-5` and
 * `60.5` for days long ago.
 */
export function httpDate(value: string | undefined): number | null {
  const text = value?.trim() ?? ''
  if (!FORMS.some((form) => form.test(text))) return null
  // The last form names no zone: HTTP's times are all GMT.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? null : at
}
