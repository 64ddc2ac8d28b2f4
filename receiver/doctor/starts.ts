import { isObject } from '../../src/contract/clean-json.ts'
import { EVENT_KINDS, type Json } from '../../src/contract/model-event.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { DestinationType } from '../destinations/destination.ts'

/** The dispatches of automations in one repository. */
export interface Start {
  automation: string
  connection: string
  owner: string
  repo: string
  /** The event types of a `repository_dispatch`; null where they depend on the event. */
  types: readonly string[] | null
  /** Whether the configuration says the types; a body may have one of its own where it does not. */
  certain: boolean
  /** For a `workflow_dispatch`; else null. */
  workflow: { name: string; ref: string; inputs: readonly string[] } | null
}

/** Returns what the automations that are not disabled start; what an event decides is left out. */
export function startsOf(
  automations: readonly AutomationSpec[],
  types: ReadonlyMap<string, DestinationType>,
): Start[] {
  return automations
    .filter(({ status }) => status !== 'disabled')
    .flatMap((automation) =>
      automation.destinations.flatMap((settings): Start[] => {
        const place = types.get(settings.type)?.repository?.(settings)
        if (place === undefined || place.name === null) return []
        const { connection, owner, name: repo } = place
        const rest = { automation: automation.name, connection, owner, repo }
        if (settings.type !== 'workflow_dispatch')
          return [{ ...rest, ...typesOf(settings['event_type'], automation.events), workflow: null }]
        const { workflow, ref, inputs } = settings as { workflow?: unknown; ref?: unknown; inputs?: Json }
        const names = ['payload', ...Object.keys(isObject(inputs) ? inputs : {})]
        return [
          {
            ...rest,
            types: null,
            certain: true,
            workflow: { name: String(workflow), ref: String(ref), inputs: names },
          },
        ]
      }),
    )
}

/** Without an `event_type` the registry's own name of the event is sent, unless the body has one of its own. */
function typesOf(event_type: unknown, events: readonly string[]): Pick<Start, 'types' | 'certain'> {
  if (typeof event_type === 'string')
    return { types: event_type.includes('${') ? null : [event_type], certain: true }
  return { types: events.some(isNeutral) ? null : events, certain: false }
}

/** Neutral kinds and `*` do not say what a registry calls its events. */
const isNeutral = (event: string) =>
  event === '*' || event.startsWith('prompt') || EVENT_KINDS.some((kind) => kind === event)
