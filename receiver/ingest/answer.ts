import { whyNone } from '../automations/nearest.ts'
import type { Prepared } from '../deliveries/prepare-event.ts'
import type { Accepted } from '../store/records.ts'

/** What the sender is told of an accepted or known event. The registry's users see it: it never holds a secret. */
export interface Answer {
  status: 200 | 202
  body: Record<string, unknown>
}

/** The answer for one request's events, as they came back from the store. `public_url` makes the link. */
export function answerFor(
  prepared: readonly Prepared[],
  accepted: readonly Accepted[],
  public_url: string | null,
): Answer {
  const at = accepted.findIndex(({ outcome }) => outcome === 'accepted')
  const first = prepared[at]
  if (first === undefined) {
    return { status: 200, body: { status: 'duplicate', event_id: accepted[0]?.event_id ?? null } }
  }
  const { event, hint, record } = first
  const matched = [...new Set(record.deliveries.map(({ automation }) => automation))]
  return {
    status: 202,
    body: {
      status: 'accepted',
      event_id: event.id,
      event: event.type,
      matched,
      deliveries: record.deliveries.map(({ id }) => id),
      message: sentence(first),
      url: public_url === null ? null : `${public_url}/api/v1/events/${event.id}`,
      ...(hint === null ? {} : { hint }),
      // A registry that sends lists gets the rest of its events here.
      ...(prepared.length > 1 ? { event_ids: accepted.map(({ event_id }) => event_id) } : {}),
    },
  }
}

/** What goes where, or why nothing does. */
function sentence({ record, results }: Prepared): string {
  const { deliveries } = record
  if (deliveries.length > 0) {
    const sent = deliveries.filter(({ error }) => error === null)
    const failed = deliveries.find(({ error }) => error !== null)
    const where = sent.map(({ automation, type, target }) => `${automation} -> ${type} ${target}`).join('; ')
    const trouble = failed?.error ? `${failed.automation} cannot be delivered: ${failed.error.message}` : ''
    return [where === '' ? '' : `${where}.`, trouble].filter((part) => part !== '').join(' ')
  }
  return whyNone(results)
}
