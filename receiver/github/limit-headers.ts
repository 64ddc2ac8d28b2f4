import { boundedWait, retryAfter, serverTime } from '../outbound/retry-after.ts'

/** The longest wait that an answer of GitHub may ask for, in ms: a primary limit resets within the hour. */
const LONGEST_WAIT_MS = 65 * 60_000

type Headers = Readonly<Record<string, string | undefined>>

/** Returns the wait that GitHub asks for by `Retry-After`, in ms, or null. */
export function gitHubRetryAfter(headers: Headers, now: number): number | null {
  return retryAfter(headers, now, LONGEST_WAIT_MS)
}

/**
 * Returns how long a primary limit lasts, in ms: until `x-ratelimit-reset` (Unix seconds) by GitHub's own clock, plus
 * one second, since the header is rounded. Null when the header makes no sense.
 */
export function untilReset(headers: Headers, now: number): number | null {
  const reset = headers['x-ratelimit-reset']?.trim() ?? ''
  if (!/^\d{1,12}(\.\d+)?$/.test(reset)) return null
  return boundedWait(Number(reset) * 1000 - serverTime(headers, now) + 1000, LONGEST_WAIT_MS)
}
