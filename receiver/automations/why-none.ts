import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { MatchResult } from './automation.ts'
import { contradictionIn } from './explain.ts'

/** Checks that every automation starts with: its status, then its source. */
const OF_THIS_SOURCE = 2

/**
 * Returns the automation that came nearest to wanting an event: the one with the most checks that held; among equals
 * the first. Automations of other sources don't count; null where none is left, or all matched.
 */
export function nearestMiss(results: readonly MatchResult[]): MatchResult | null {
  const misses = results.filter(({ matched, passed }) => !matched && passed !== OF_THIS_SOURCE - 1)
  return misses.reduce<MatchResult | null>(
    (best, result) => (best === null || result.passed > best.passed ? result : best),
    null,
  )
}

/** Returns why no automation wants an event, in one sentence or two: what disagrees in it, or the nearest automation. */
export function whyNone(event: ModelEvent, results: readonly MatchResult[]): string {
  const contradiction = contradictionIn(event)
  if (contradiction !== null) return contradiction
  const nearest = nearestMiss(results)
  if (nearest === null) return 'No automation listens to this source.'
  return `No automation matched. Nearest: ${nearest.automation}, because ${nearest.reasons.at(-1) ?? 'it is off'}.`
}
