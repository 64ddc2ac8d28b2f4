import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { DestinationType } from '../destinations/destination.ts'
import type { Log } from '../observe/log.ts'

type Types = ReadonlyMap<string, DestinationType>

/**
 * Returns the GitHub connection that delivers registry events and is also the only way for alerts: when it is refused
 * or limited, nobody hears of it. Null where there is none, and where no automation takes alerts at all.
 */
export function unwatchedConnection(automations: readonly AutomationSpec[], types: Types): string | null {
  const active = automations.filter(({ status }) => status === 'active')
  const routes = connectionsOf(
    active.filter(({ sources }) => sources.includes(OWN_SOURCE)),
    types,
  )
  const watched = connectionsOf(
    active.filter(({ sources }) => sources.some((source) => source !== OWN_SOURCE)),
    types,
  )
  const [only, ...others] = new Set(routes)
  return only !== undefined && others.length === 0 && watched.includes(only) ? only : null
}

/** Logs which GitHub connection carries the alerts about itself. */
export function warnOfAlertRoutes(automations: readonly AutomationSpec[], types: Types, log: Log): void {
  const connection = unwatchedConnection(automations, types)
  if (connection === null) return
  const fix =
    'Give an automation with `sources: [model-dispatch]` a destination that does not need this connection, such as slack, teams or webhook: examples/alerts.yaml.'
  log.warn({ connection, fix }, 'alerts use the GitHub connection that they watch')
}

/** Returns the GitHub connection of each destination; null for one that needs none. */
function connectionsOf(automations: readonly AutomationSpec[], types: Types): (string | null)[] {
  return automations.flatMap(({ destinations }) =>
    destinations.map((settings) => types.get(settings.type)?.repository?.(settings).connection ?? null),
  )
}
