/** When a registry is asked again, and for how long. */

/** How long the registry of a source with `mode: optional` is asked, in ms. */
const OPTIONAL_MS = 60_000
/** How long the registry of a source with `mode: required` is asked, in ms. */
const REQUIRED_MS = 72 * 3_600_000
/**
 * How long a registry is asked that says there is no such thing, in ms: a server behind a cache or a replica can say so
 * of what it has just announced.
 */
export const MISSING_MS = 60_000

/**
 * How often a registry that does not show a new alias is asked again before the event is stale: after 2 s and after 5 s
 * more.
 */
export const STALE_TRIES = 2

/** Waits after the first, second, … time that a registry was asked in vain, in ms; the last one counts on. */
const WAITS_MS = [2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000]

/** Returns how long the registry is asked about an event at most, in ms after acceptance. */
export function giveUpAfter(mode: 'optional' | 'required'): number {
  return mode === 'required' ? REQUIRED_MS : OPTIONAL_MS
}

/**
 * Returns the wait before a registry is asked again that was asked in vain `tries` times, in ms; not before the registry
 * wants it (`asked_for`). `random` is uniform in [0, 1).
 */
export function lookupWait(tries: number, random: number, asked_for: number | null): number {
  const base = WAITS_MS[Math.min(Math.max(tries, 1), WAITS_MS.length) - 1] ?? 0
  return Math.max(Math.round(base * (0.8 + 0.4 * random)), asked_for ?? 0)
}
