import type { Store } from '../../store/store.ts'
import type { DeliverySummary } from '../../store/views.ts'
import type { Principal } from '../principal.ts'

/** Returns the automations that a list is limited to for this token: every name that ever was, within its globs. */
export async function scopeOf(
  principal: Principal,
  store: Pick<Store, 'automationNames'>,
): Promise<{ automations?: readonly string[] }> {
  if (!principal.limited) return {}
  return { automations: (await store.automationNames({})).filter((name) => principal.sees(name)) }
}

/** Returns an event with only those of its deliveries that this token may see. */
export function ownEvent<E extends { deliveries: DeliverySummary[] }>(event: E, principal: Principal): E {
  if (!principal.limited) return event
  return { ...event, deliveries: event.deliveries.filter(({ automation }) => principal.sees(automation)) }
}

/** Returns whether this token may see an event: a limited one sees those that its automations have deliveries of. */
export function seesEvent(event: { deliveries: readonly DeliverySummary[] }, principal: Principal): boolean {
  return !principal.limited || event.deliveries.some(({ automation }) => principal.sees(automation))
}
