import { createLookups, type Lookups, type LookupsOptions } from '../lookups/lookups.ts'
import type { Alerts } from './alerts.ts'
import type { Backlog } from './backlog.ts'
import { logSuperseded } from './log-superseded.ts'
import { matchLookedUp } from './prepare-event.ts'

/** Goes on with an event once its registry was asked. */
export interface AfterLookup {
  backlog: Backlog
  /** Looks into these lanes. */
  wake: (lanes: readonly string[]) => void
  alerts: Alerts
}

/** Returns the look-ups of a pipeline: what they let on is matched, and told to whom an accept is told. */
export function connectLookups(
  options: Omit<LookupsOptions, 'match' | 'onReleased'>,
  { backlog, wake, alerts }: AfterLookup,
): Lookups {
  return createLookups({
    ...options,
    match: (event, taken) => matchLookedUp(options.runtime(), event, taken),
    onReleased(released, { lanes, superseded }) {
      logSuperseded(options.log, superseded)
      for (const { event, deliveries } of released) {
        backlog.add(deliveries.length)
        for (const { id, automation, error } of deliveries)
          if (error !== null) alerts.undeliverable(event, { id, automation, ...error })
      }
      if (lanes.length > 0) wake(lanes)
    },
  })
}
