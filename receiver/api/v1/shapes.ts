import type { z } from 'zod'
import type { ExplainedMatch } from '../../automations/explain.ts'
import { waitingFor } from '../../policy/waiting.ts'
import { parse } from '../../store/json-text.ts'
import type {
  AttemptDetail,
  AttemptSummary,
  DeliveryDetail,
  DeliverySummary,
  EventDetail,
  EventSummary,
} from '../../store/views.ts'
import type { delivery as shownDelivery, event as shownEvent } from './schemas.ts'

/** Returns a time (Unix ms) as answers write it. */
export const time = (ms: number) => new Date(ms).toISOString()

/** Returns a time (Unix ms) as answers write it; null for none. */
export const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms))

/** Returns an event as lists show it. `now`: ms of the steady clock. */
export function eventShape(event: EventSummary, now: number): z.input<typeof shownEvent> {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    kind: event.kind,
    received_at: time(event.received_at),
    status: event.status,
    event: parse(event.event),
    deliveries: event.deliveries.map((delivery) => deliveryShape(delivery, now)),
  }
}

/** Returns an event with the body as it came and every automation's reasons. */
export function eventDetailShape(event: EventDetail, matches: readonly ExplainedMatch[], now: number) {
  return {
    ...eventShape(event, now),
    raw: Buffer.from(event.raw).toString('utf8'),
    hint: event.context.hint,
    matches: matches.map(({ automation, matched, reasons, conditions }) => {
      return { automation, matched, reasons, conditions }
    }),
  }
}

/** Returns a delivery. In lists its attempts are the latest ones, and their request and response are null. */
export function deliveryShape(
  delivery: DeliverySummary | DeliveryDetail,
  now: number,
): z.input<typeof shownDelivery> {
  return {
    id: delivery.id,
    event_id: delivery.event_id,
    automation: delivery.automation,
    destination: { type: delivery.type, target: delivery.target },
    status: delivery.status,
    created_at: time(delivery.created_at),
    next_attempt_at: timeOrNull(delivery.next_attempt_at),
    waiting_for: waitingShape(delivery, now),
    attempts: delivery.attempt_log.map(attemptShape),
    error: delivery.error,
    replay_of: delivery.replay_of,
    subject_key: delivery.subject,
    runs: [],
  }
}

/** Returns what a pending delivery waits for; null for any other. */
export function waitingShape(delivery: DeliverySummary | DeliveryDetail, now: number) {
  if (delivery.status !== 'pending') return null
  const { is_head, due_at, lane_state: lane } = delivery
  const { reason, until } = waitingFor({ is_head, due_at, lane }, now)
  return { reason, until: timeOrNull(until) }
}

function attemptShape(attempt: AttemptSummary | AttemptDetail) {
  const { request, response } = 'request' in attempt ? attempt : { request: null, response: null }
  return {
    at: time(attempt.at),
    duration_ms: attempt.duration_ms,
    status: attempt.status,
    class: attempt.class,
    error: attempt.error,
    request,
    response,
  }
}
