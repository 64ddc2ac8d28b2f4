import { contradictionOf } from '../../src/contract/contradiction.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { outsideOf, type Allow } from './allow.ts'
import type { Automation, Condition, MatchResult } from './automation.ts'
import { plainText } from './quote.ts'

/**
 * Asks every automation about an event. Returns the results in the order of the automations.
 *
 * @param allow of the event's source. An event outside of it, or one that contradicts itself, matches nothing, and each
 *   result says so.
 */
export function explainEvent(
  automations: readonly Automation[],
  event: ModelEvent,
  allow: Allow = {},
): MatchResult[] {
  const reason = contradictionIn(event) ?? outsideOf(allow, event)
  if (reason === null) return automations.map((automation) => automation.match(event))
  return automations.map(({ spec }) => ({
    automation: spec.name,
    matched: false,
    reasons: [reason],
    passed: 0,
  }))
}

/** Returns every condition of each automation, asked of an event; its arguments are those of {@link explainEvent}. */
export function conditionsOf(
  automations: readonly Automation[],
  event: ModelEvent,
  allow: Allow = {},
): Condition[][] {
  const reason = contradictionIn(event) ?? outsideOf(allow, event)
  const before = reason === null ? [] : [{ holds: false, reason }]
  return automations.map((automation) => [...before, ...automation.conditions(event)])
}

/** Whether an automation wants an event, with every condition. */
export interface ExplainedMatch extends MatchResult {
  conditions: Condition[]
}

/** Returns the results of {@link explainEvent}, each with every condition. */
export function explainConditions(
  automations: readonly Automation[],
  event: ModelEvent,
  allow: Allow = {},
): ExplainedMatch[] {
  const conditions = conditionsOf(automations, event, allow)
  return explainEvent(automations, event, allow).map((result, i) => ({
    ...result,
    conditions: conditions[i] ?? [],
  }))
}

/** Returns a result that no condition was asked for, its reasons as conditions. */
export function toldMatch(result: MatchResult): ExplainedMatch {
  const { matched, reasons } = result
  return { ...result, conditions: reasons.map((reason) => ({ holds: matched, reason })) }
}

/**
 * Returns why an event cannot be believed and what to do about it, or null. Alerts are the receiver's own words: they
 * only quote the model of an event.
 */
export function contradictionIn(event: ModelEvent): string | null {
  const contradiction = event.own ? null : contradictionOf(event)
  return contradiction === null ? null : plainText(`${contradiction.message} ${contradiction.fix}`, LONGEST)
}

/** Longest sentence about a contradiction, in characters. */
const LONGEST = 1_000
