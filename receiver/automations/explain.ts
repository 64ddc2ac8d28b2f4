import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { Automation, MatchResult } from './automation.ts'
import { outsideOf, type Allow } from './allow.ts'

/**
 * Asks every automation about an event, in their order.
 * @param allow of the event's source: an event outside of it matches nothing, and each result says so.
 */
export function explainEvent(
  automations: readonly Automation[],
  event: ModelEvent,
  allow: Allow = {},
): MatchResult[] {
  const outside = outsideOf(allow, event)
  if (outside === null) return automations.map((automation) => automation.match(event))
  return automations.map(({ spec }) => ({
    automation: spec.name,
    matched: false,
    reasons: [outside],
    passed: 0,
  }))
}
