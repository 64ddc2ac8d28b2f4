/**
 * How long a delivery waits after its first, second, … counted attempt, in ms; about a day in all. Each wait is varied
 * by up to 20 %, so that deliveries that failed together do not come back together.
 */
export const RETRY_WAITS_MS: readonly number[] = [
  5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 28_800_000,
]

/**
 * Returns the wait after a lost lease, in ms, or null when the attempts are used up. The first time there is no wait,
 * since most workers stop for reasons of their own; then the schedule applies, since the delivery may stop its worker.
 */
export function lostWait(attempts: number): number | null {
  return attempts === 1 ? 0 : retryWait(attempts - 1, 0.5)
}

/**
 * Returns the wait after `attempts` counted attempts, in ms, or null when they are used up and the delivery has failed.
 * `random` is uniform in [0, 1).
 */
export function retryWait(attempts: number, random: number): number | null {
  const base = RETRY_WAITS_MS[attempts - 1]
  return base === undefined ? null : Math.round(base * (0.8 + 0.4 * random))
}
