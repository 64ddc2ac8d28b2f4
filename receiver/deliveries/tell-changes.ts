import type { Changes } from '../observe/changes.ts'
import type { Attempt } from './attempt.ts'
import type { Consequence, GivenUp, NewEvent } from '../store/records.ts'

/** Tells that an event and its deliveries are stored. */
export function tellAccepted(changes: Changes, { id, source, type, kind, deliveries }: NewEvent): void {
  const automations = [...new Set(deliveries.map(({ automation }) => automation))]
  changes.tell({ kind: 'event', id, source, type, event_kind: kind, automations })
  for (const { id: delivery, automation, target, error } of deliveries) {
    const status = error === null ? 'pending' : 'failed'
    changes.tell({ kind: 'delivery', id: delivery, event_id: id, automation, target, status })
  }
}

/** Tells what an attempt has led to. */
export function tellAttempt(
  changes: Changes,
  { claim }: Attempt,
  { status, paused, resumed }: Consequence,
): void {
  const { id, event_id, automation, target, lane } = claim
  if (status !== null) changes.tell({ kind: 'delivery', id, event_id, automation, target, status })
  if (paused !== null) {
    const until = new Date(paused.until).toISOString()
    changes.tell({ kind: 'lane', lane, state: 'paused', reason: paused.message, until })
  } else if (resumed) changes.tell({ kind: 'lane', lane, state: 'resumed', reason: null, until: null })
}

/** Tells that a delivery has ended without an attempt that said so. */
export function tellGivenUp(changes: Changes, delivery: GivenUp): void {
  const { id, event_id, automation, target, status } = delivery
  changes.tell({ kind: 'delivery', id, event_id, automation, target, status })
}
