import type { Problem } from '../../src/contract/problem.ts'
import { EVERY_SOURCE, type AutomationSpec, type DestinationSpec } from '../automations/automation.ts'
import { AutomationError, compileAutomation } from '../automations/compile.ts'
import type { DestinationType } from '../destinations/destination.ts'
import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import { modelDispatch } from '../sources/model-dispatch.ts'
import type { SourceType } from '../sources/source.ts'
import { suggestWord } from '../templates/suggest.ts'
import { eventFaults } from './automation-events.ts'
import type { Fault } from './problems.ts'
import type { AutomationInput } from './schema.ts'
import { parseDuration } from './units.ts'

/** The context of checking an automation. */
export interface AutomationContext {
  /** The type of every configured source, by the source's name. */
  sources: ReadonlyMap<string, SourceType>
  destinations: ReadonlyMap<string, DestinationType>
  /** Every GitHub connection that has credentials, with its globs and whether the file lists them. */
  connections: ReadonlyMap<string, { repositories: readonly string[]; listed: boolean }>
  /** See `CheckContext.checkUrl`. */
  checkUrl: (text: string) => Problem | null
}

/**
 * Returns an automation with its defaults filled in, and all that is wrong with it beyond its schema.
 * The paths of the faults start at the automation.
 */
export function buildAutomation(
  input: AutomationInput,
  context: AutomationContext,
): { spec: AutomationSpec; faults: Fault[] } {
  const spec = fillIn(input, context)
  const sources = sourceFaults(input, context)
  const faults = [
    ...sources,
    ...(sources.length > 0 ? [] : eventFaults(spec, nameable(context))),
    ...durationFaults(input),
    ...compileFaults(spec),
    ...spec.destinations.flatMap((settings, index) => destinationFaults(settings, index, context)),
  ]
  return { spec, faults }
}

function fillIn(input: AutomationInput, { sources, destinations }: AutomationContext): AutomationSpec {
  const strict = input.destinations.some(({ type }) => destinations.get(type)?.order === 'strict')
  return {
    name: input.name,
    description: input.description,
    status: input.status,
    sources: input.sources ?? [...sources.keys()],
    events: input.events,
    filter: Object.fromEntries(Object.entries(input.filter).filter(([, value]) => value !== undefined)),
    if: input.if,
    order: input.order ?? (strict ? 'strict' : 'none'),
    supersede: input.supersede,
    expires_after_ms: input.expires_after === null ? null : parseDuration(input.expires_after),
    destinations: input.destinations,
  }
}

/** Returns the sources that an automation may name: the receiver's own one, too, but never by default. */
function nameable({ sources }: AutomationContext): ReadonlyMap<string, SourceType> {
  return new Map([...sources, [OWN_SOURCE, modelDispatch]])
}

function sourceFaults({ sources: named }: AutomationInput, context: AutomationContext): Fault[] {
  const known = [...context.sources.keys()]
  if (named === undefined) {
    if (known.length === 1) return []
    const fix = known.length === 0 ? 'Configure a source first.' : `Name one or more of: ${known.join(', ')}.`
    return [{ path: ['sources'], message: 'is missing: there is not exactly one source', fix }]
  }
  return named.flatMap((name, index) =>
    name === EVERY_SOURCE || nameable(context).has(name)
      ? []
      : [{ path: ['sources', index], message: 'there is no such source', fix: suggestWord(name, known) }],
  )
}

function durationFaults({ expires_after }: AutomationInput): Fault[] {
  if (expires_after === null || parseDuration(expires_after) !== null) return []
  return [
    { path: ['expires_after'], message: 'is longer than ten years', fix: 'Leave it out to never give up.' },
  ]
}

/** Returns what is wrong with the patterns and the condition. */
function compileFaults(spec: AutomationSpec): Fault[] {
  try {
    compileAutomation(spec)
    return []
  } catch (error) {
    if (!(error instanceof AutomationError)) throw error
    return [{ path: error.path.split('.'), message: error.message, fix: error.fix }]
  }
}

function destinationFaults(settings: DestinationSpec, index: number, context: AutomationContext): Fault[] {
  const path = ['destinations', index]
  const found = context.destinations.get(settings.type)?.check(settings, context) ?? []
  const faults = found.map((problem) => ({
    path: [...path, ...problem.path],
    message: problem.message,
    fix: problem.fix,
  }))
  const gitHub = gitHubFault(settings, context)
  if (gitHub === null) return faults
  // The destination's own problems with these keys have the same cause.
  const others = found.map(({ path: [key] }) => key !== 'connection' && key !== 'repository')
  return [{ ...gitHub, path: [...path, ...gitHub.path] }, ...faults.filter((_, at) => others[at])]
}

function gitHubFault(
  settings: DestinationSpec,
  { connections, destinations }: AutomationContext,
): Fault | null {
  const use = destinations.get(settings.type)?.repository?.(settings)
  if (use === undefined) return null
  const connection = connections.get(use.connection)
  if (connection === undefined) return missingConnection(use.connection, [...connections.keys()])
  // An owner that is a template is refused by the destination, list or not.
  if (connection.listed || use.owner.includes('$') || use.name !== null) return null
  const message = `a template may name any repository, and the connection ${use.connection} lists none`
  const fix = `Add github.${use.connection}.repositories, e.g. ["${use.owner}/*"].`
  return { path: ['repository'], message, fix }
}

function missingConnection(name: string, known: string[]): Fault {
  const path = ['connection']
  if (name !== 'main') {
    return { path, message: `there is no connection ${JSON.stringify(name)}`, fix: suggestWord(name, known) }
  }
  const message = 'GitHub cannot be reached: the connection main has no credentials'
  return { path, message, fix: 'Set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.' }
}
