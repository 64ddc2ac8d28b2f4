import { EVERY_SOURCE } from '../../automations/automation.ts'
import type { Runtime } from '../../runtime/runtime.ts'
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

/**
 * Returns what is in force with those sources alone that this token may hear of: a limited one knows those that its own
 * automations name.
 */
export function ownRuntime(runtime: Runtime, principal: Principal): Runtime {
  if (!principal.limited) return runtime
  const own = runtime.automations.filter(({ spec }) => principal.sees(spec.name))
  const names = new Set(own.flatMap(({ spec }) => spec.sources))
  if (names.has(EVERY_SOURCE)) return runtime
  return { ...runtime, sources: new Map([...runtime.sources].filter(([name]) => names.has(name))) }
}
