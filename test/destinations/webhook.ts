import type { DeliveryInput } from '../../receiver/destinations/destination.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { patience } from '../github/connections.ts'
import type { Arrival, Target } from '../standins/target.ts'
import { contextOf, senderOf, type Lent } from './context.ts'
import { delivery } from './event.ts'

/** The type `webhook`. */
export const webhookType = DESTINATION_TYPES.get('webhook')

/** Returns the keys of a webhook. */
export function keys(given: Record<string, unknown>): Record<string, unknown> {
  return { type: 'webhook', url: 'https://hooks.example.com/x', ...given }
}

/** Makes one attempt of a webhook with these keys. */
export function send(
  given: Record<string, unknown>,
  lent: Lent = {},
  input: Partial<DeliveryInput> = {},
): Promise<AttemptResult> {
  return senderOf('webhook', lent).send(delivery(keys(given), input), patience())
}

/** Returns the latest request. */
export function lastOf({ arrived }: Target): Arrival {
  const last = arrived.at(-1)
  if (last === undefined) throw new Error('Nothing has arrived.')
  return last
}

/** Returns what is wrong with these settings, as `path: message -> fix`. */
export function problems(given: Record<string, unknown>): string[] {
  const settings = webhookType?.settings.parse(keys(given))
  const { outbound } = contextOf({ rules: { allow_http: false, allow_cidrs: [] } })
  const context = { connections: new Map(), checkUrl: (url: string) => outbound.guard.checkText(url) }
  return (webhookType?.check(settings, context) ?? []).map(
    ({ path, message, fix }) => `${path.join('.')}: ${message} -> ${fix}`,
  )
}
