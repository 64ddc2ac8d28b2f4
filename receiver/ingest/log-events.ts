import type { Prepared } from '../deliveries/prepare-event.ts'
import type { Log } from '../observe/log.ts'
import type { Accepted } from '../store/records.ts'

/**
 * Logs one line per event that the store has taken in or has seen before. `verified_by` is the place of the secret in the
 * configuration, for rotations; `via` the route, where it is not that of webhooks.
 */
export function logAccepted(
  log: Log,
  prepared: readonly Prepared[],
  accepted: readonly Accepted[],
  via: { via?: string } = {},
): null {
  prepared.forEach((one, i) => {
    const { event, hint, message, record } = one
    const result = accepted[i]
    const { source, type, kind, title } = event
    if (result?.outcome === 'duplicate') {
      log.info({ event_id: result.event_id, source: source.name, type, ...via }, 'event seen before')
      return
    }
    const what = {
      event_id: event.id,
      source: source.name,
      type,
      kind,
      title,
      verified_by: record.context.secret,
      deliveries: record.deliveries.map(({ id }) => id),
      ...via,
      outcome: message,
    }
    log.info(hint === null ? what : { ...what, hint }, 'event accepted')
  })
  return null
}

/** Logs what became of the events of a dry run. */
export function logDryRun(log: Log, prepared: readonly Prepared[]): void {
  for (const one of prepared) {
    const { source, type, kind, title } = one.event
    log.info({ source: source.name, type, kind, title, outcome: one.message }, 'dry run')
  }
}
