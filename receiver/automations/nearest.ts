import type { MatchResult } from './automation.ts'

/** Checks that every automation starts with: its status, then its source. */
const OF_THIS_SOURCE = 2

/**
 * The automation that came nearest to wanting an event: the one with the most checks held. Among equals the first.
 * Automations of other sources don't count; null where none is left, or all matched.
 */
export function nearestMiss(results: readonly MatchResult[]): MatchResult | null {
  const misses = results.filter(({ matched, passed }) => !matched && passed !== OF_THIS_SOURCE - 1)
  return misses.reduce<MatchResult | null>(
    (best, result) => (best === null || result.passed > best.passed ? result : best),
    null,
  )
}

/** Why no automation wants an event, in one sentence that names the nearest. */
export function whyNone(results: readonly MatchResult[]): string {
  const nearest = nearestMiss(results)
  if (nearest === null) return 'No automation listens to this source.'
  return `No automation matched. Nearest: ${nearest.automation}, because ${nearest.reasons.at(-1) ?? 'it is off'}.`
}
