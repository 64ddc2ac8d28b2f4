/**
 * When a delivery is tried again. Waits in ms after the first, second, … counted attempt; about a day in all.
 * Each is stretched or shrunk by up to 20 % so that what failed together does not come back together.
 */
export const RETRY_WAITS_MS: readonly number[] = [
  5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 28_800_000,
]

/**
 * The waits after the first, second, … attempt of a delivery that only ever loses its workers, in ms: the first time
 * none, since most workers stop for reasons of their own, then the schedule, since a delivery may be what stops them.
 */
export const LOST_WAITS_MS: readonly number[] = [0, ...RETRY_WAITS_MS]

/** Longer than any wait that a delivery or a lane is ever given, in ms. */
export const LONGEST_WAIT_MS = 12 * 3_600_000

/** Returns the wait after a lease was lost, in ms, or null when the `attempts` counted so far are used up. */
export function lostWait(attempts: number): number | null {
  return LOST_WAITS_MS[attempts - 1] ?? null
}

/**
 * The wait after `attempts` counted attempts, in ms, or null when they are used up and the delivery is a dead
 * letter. `random` is uniform in [0, 1).
 */
export function retryWait(attempts: number, random: number): number | null {
  const base = RETRY_WAITS_MS[attempts - 1]
  return base === undefined ? null : Math.round(base * (0.8 + 0.4 * random))
}
