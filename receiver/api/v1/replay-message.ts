import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { MatchResult } from '../../automations/automation.ts'
import { whyNone } from '../../automations/why-none.ts'
import type { DeliverySummary } from '../../store/views.ts'

/** Returns what comes of a replay: what goes where, what is left out, or why nothing is sent at all. */
export function replayMessage(
  event: ModelEvent,
  deliveries: readonly DeliverySummary[],
  results: readonly MatchResult[],
  stale: number,
): string {
  if (deliveries.length === 0) return `Nothing will be sent: ${whyNone(event, results).replace(/^N/, 'n')}`
  const sent = deliveries.filter((delivery) => !isLost(delivery))
  const where = sent.map(({ automation, type, target }) => `${automation} -> ${type} ${target}`)
  const lost = deliveries
    .filter(isLost)
    .map(({ automation, error }) => `${automation} cannot be delivered: ${error?.message ?? 'no target'}`)
  const left = stale === 0 ? [] : [`${stale} left out as stale: a newer event has the slot.`]
  return [...(where.length === 0 ? [] : [`${where.join('; ')}.`]), ...lost, ...left].join(' ')
}

/**
 * Returns whether the event gave the delivery no valid target, so that it ended as it was made. Its error alone would
 * not tell it from a retry's.
 */
const isLost = ({ target }: DeliverySummary) => target === ''
