import { EVERY_SOURCE, type AutomationSpec } from '../automations/automation.ts'
import { EVENT_KINDS, OWN_SOURCE } from '../../src/contract/model-event.ts'
import type { SourceType } from '../sources/source.ts'
import { suggestWord } from '../templates/suggest.ts'
import type { Fault } from './problems.ts'

/** The kinds that move a pointer: an automation that hears them must say which one it means. */
const POINTERS = new Map<string, 'alias' | 'tag'>([
  ['alias.added', 'alias'],
  ['tag.added', 'tag'],
  ['tag.removed', 'tag'],
])

/**
 * Returns what is wrong with an automation's events: names that none of its sources has, and alias or tag events
 * without a filter for the alias or tag. `*` means all events and needs no filter.
 */
export function eventFaults(spec: AutomationSpec, sources: ReadonlyMap<string, SourceType>): Fault[] {
  const types = spec.sources.flatMap((name) =>
    name === EVERY_SOURCE ? registries(sources) : (sources.get(name) ?? []),
  )
  const own = new Map(types.flatMap(({ events }) => Object.entries(events)))
  const kinds: ReadonlySet<string> = new Set(EVENT_KINDS)
  const faults: Fault[] = []
  for (const [index, event] of spec.events.entries()) {
    const path = ['events', index]
    const kind = kinds.has(event) ? event : own.get(event)
    if (event === '*' || event.startsWith('prompt')) continue
    if (kind === undefined) faults.push(unknownEvent(event, path, spec, [...own.keys(), ...kinds]))
    else if (lacksFilter(spec, POINTERS.get(kind)))
      faults.push(missingFilter(event, POINTERS.get(kind) ?? 'alias'))
  }
  return faults
}

const registries = (sources: ReadonlyMap<string, SourceType>) =>
  [...sources].flatMap(([name, type]) => (name === OWN_SOURCE ? [] : [type]))

function unknownEvent(
  event: string,
  path: Fault['path'],
  { sources }: AutomationSpec,
  known: string[],
): Fault {
  const message = `${JSON.stringify(event.slice(0, 80))} is no event of ${sources.join(', ')}`
  return { path, message, fix: suggestWord(event, known) }
}

function lacksFilter({ filter, if: condition }: AutomationSpec, field: 'alias' | 'tag' | undefined): boolean {
  if (field === undefined || condition !== null) return false
  return filter[field] === undefined && filter[`${field}_regex`] === undefined
}

function missingFilter(event: string, field: 'alias' | 'tag'): Fault {
  const message = `${event} needs a filter: without one, every ${field} would count`
  const fix = `Add filter.${field} (\`${field}: "*"\` for all of them), filter.${field}_regex or \`if\`.`
  return { path: ['filter'], message, fix }
}
