import type { Problem } from '../../src/contract/problem.ts'
import { dirname } from 'node:path'
import type { AutomationSpec } from '../automations/automation.ts'
import type { SourceType } from '../sources/source.ts'
import { FileRules, isLiteral } from './automation-rules.ts'
import { buildAutomation, type AutomationContext } from './automation-spec.ts'
import type { Config, ConfigProblem, DispatchesConfig, NamedToken, Origin, SourceConfig } from './config.ts'
import type { GitHubConnection } from '../github/connection.ts'
import { dispatchesFaults } from './dispatches.ts'
import { buildConnection, mainFromEnvironment, type OpenConnection } from './connections.ts'
import type { Environment } from './environment/environment.ts'
import type { ParsedFile } from './file.ts'
import type { Fault } from './problems.ts'
import type { SourceInput, TypeTables } from './schema.ts'
import { SecretReferences, type ReferenceSources } from './secret-references.ts'
import { buildSource } from './sources.ts'
import { tokenFaults } from './tokens.ts'
import { parseDuration } from './units.ts'

/** The content of all files together, and the issues of each of them. */
export interface Assembled {
  config: Config
  /** Problems by file; only files that have any. */
  problems: ReadonlyMap<string, ConfigProblem[]>
}

/** The surroundings in which the files are read. */
export interface AssembleContext {
  environment: Environment
  env: ReferenceSources['env']
  /** Judges the URLs of destinations and look-ups, references resolved. */
  checkUrl: (url: string) => Problem | null
}

interface Assembly {
  files: readonly ParsedFile[]
  tables: TypeTables
  report: (file: ParsedFile, faults: readonly Fault[]) => void
}

const DAY_MS = 86_400_000
const DEFAULT_RETENTION = { succeeded_ms: 30 * DAY_MS, failed_ms: 90 * DAY_MS }
const DEFAULT_LIMITS = { backlog: 1_000_000 }

/**
 * Puts the files of a configuration together. A name that an earlier file has taken is a problem of the later one.
 */
export function assemble(
  files: readonly ParsedFile[],
  tables: TypeTables,
  { environment, env, checkUrl }: AssembleContext,
): Assembled {
  const problems = new Map<string, ConfigProblem[]>()
  const report = (file: ParsedFile, faults: readonly Fault[]) => {
    if (faults.length === 0) return
    const found = problems.get(file.file) ?? []
    found.push(...faults.map((fault) => file.locate(fault)))
    problems.set(file.file, found)
  }
  const assembly: Assembly = { files, tables, report }
  const { sources, types } = assembleSources(assembly, checkUrl)
  const { connections, context } = assembleConnections(assembly, environment)
  // All files of a configuration lie in one directory.
  const references = new SecretReferences(env, dirname(files[0]?.file ?? '.'))
  const judged: AutomationContext = {
    sources: types,
    destinations: tables.destinations,
    ...context,
    checkUrl: (text) => checkUrl(references.read(text)),
  }
  const { automations, origins } = assembleAutomations(assembly, judged)
  const dispatches = assembleDispatches(assembly, types, context.connections)
  const retention = assembleRetention(assembly)
  const limits = assembleLimits(assembly)
  return {
    config: {
      sources,
      connections,
      dispatches,
      automations,
      retention,
      limits,
      tokens: assembleTokens(assembly, environment.admin_token),
      rules: new FileRules(tables, judged, origins),
      references,
    },
    problems,
  }
}

function assembleSources({ files, tables, report }: Assembly, checkUrl: AssembleContext['checkUrl']) {
  const sources = new Map<string, SourceConfig>()
  const types = new Map<string, SourceType>()
  for (const file of files) {
    for (const [name, input] of Object.entries(file.content.sources)) {
      const type = tables.sources.get(input.type)
      if (type === undefined) continue
      if (sources.has(name)) {
        report(file, [takenName(['sources', name], 'source')])
        continue
      }
      const { source, faults } = buildSource(name, input as SourceInput, type, checkUrl)
      report(file, faults)
      sources.set(name, source)
      types.set(name, { ...type, events: { ...type.events, ...type.eventsOf?.(source.settings) } })
    }
  }
  return { sources, types }
}

function assembleConnections({ files, tables, report }: Assembly, environment: Environment) {
  const open = new Map<string, OpenConnection>()
  // Connections that are named but faulty: an automation that uses one is not wrong for that.
  const broken = new Map<string, string[] | null>()
  const named = new Set<string>()
  for (const file of files) {
    for (const [name, input] of Object.entries(file.content.github)) {
      if (named.has(name)) {
        report(file, [takenName(['github', name], 'connection')])
        continue
      }
      named.add(name)
      const { open: connection, faults } = buildConnection(name, input, environment)
      report(file, faults)
      if (connection !== null) open.set(name, connection)
      else if (faults.length > 0) broken.set(name, input.repositories ?? null)
    }
  }
  const main = named.has('main') ? null : mainFromEnvironment(environment)
  if (main !== null) open.set('main', main)
  return closeConnections(open, broken, namedRepositories(files, tables))
}

/** Returns the repositories that destinations name word for word, and the globs of `dispatches`, by connection. */
function namedRepositories(files: readonly ParsedFile[], { destinations: types }: TypeTables) {
  const named = new Map<string, Set<string>>()
  for (const settings of files
    .flatMap(({ content }) => content.automations)
    .flatMap((one) => one.destinations)) {
    const use = types.get(settings.type)?.repository?.(settings)
    if (use === undefined || use.name === null || !isLiteral(`${use.owner}/${use.name}`)) continue
    named.set(use.connection, (named.get(use.connection) ?? new Set()).add(`${use.owner}/${use.name}`))
  }
  for (const { connection, repositories } of files.flatMap(({ content }) => content.dispatches))
    named.set(connection, new Set([...(named.get(connection) ?? []), ...repositories]))
  return named
}

/** Closes the list of each connection: without a list of its own it may send to what automations name word for word. */
function closeConnections(
  open: ReadonlyMap<string, OpenConnection>,
  broken: ReadonlyMap<string, string[] | null>,
  named: ReadonlyMap<string, ReadonlySet<string>>,
) {
  const connections = new Map<string, GitHubConnection>()
  const known = new Map<string, { repositories: readonly string[]; listed: boolean }>()
  const allowed = (name: string, listed: readonly string[] | null) => {
    const repositories = [...(listed ?? named.get(name) ?? [])]
    known.set(name, { repositories, listed: listed !== null })
    return repositories
  }
  for (const [name, { connection, repositories }] of open)
    connections.set(name, { ...connection, repositories: allowed(name, repositories) })
  for (const [name, listed] of broken) allowed(name, listed)
  return { connections, context: { connections: known } }
}

function assembleAutomations({ files, report }: Assembly, context: AutomationContext) {
  const automations = new Map<string, AutomationSpec>()
  const origins = new Map<string, Origin>()
  for (const file of files) {
    for (const [index, input] of file.content.automations.entries()) {
      const path = ['automations', index]
      if (automations.has(input.name)) {
        report(file, [{ ...takenName([...path, 'name'], 'automation'), at_key: false }])
        continue
      }
      const { spec, faults } = buildAutomation(input, context)
      report(
        file,
        faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] })),
      )
      automations.set(input.name, spec)
      const { line } = file.locate({ path, message: '', fix: '' })
      origins.set(input.name, { file: file.file, line })
    }
  }
  return { automations: [...automations.values()], origins }
}

/** Returns the tokens of all files, behind that of the environment. */
function assembleTokens({ files, report }: Assembly, admin_token: string | null): Config['tokens'] {
  const tokens: NamedToken[] = []
  if (admin_token !== null)
    tokens.push({ name: 'admin', secret: admin_token, role: 'write', automations: null })
  for (const file of files) {
    for (const [index, { automations = null, ...token }] of (file.content.admin?.tokens ?? []).entries()) {
      report(file, tokenFaults(token, index, tokens))
      tokens.push({ ...token, automations })
    }
  }
  return tokens
}

function assembleDispatches(
  { files, report }: Assembly,
  sources: ReadonlyMap<string, SourceType>,
  connections: AutomationContext['connections'],
): DispatchesConfig[] {
  const all: DispatchesConfig[] = []
  for (const file of files) {
    for (const [index, input] of file.content.dispatches.entries()) {
      const faults = dispatchesFaults(input, { sources, connections, others: all })
      report(
        file,
        faults.map((fault) => ({ ...fault, path: ['dispatches', index, ...fault.path] })),
      )
      all.push(input)
    }
  }
  return all
}

function assembleRetention(assembly: Assembly): Config['retention'] {
  const found = onlyOne(assembly, 'retention')
  if (found === null) return DEFAULT_RETENTION
  const { file, value } = found
  const [succeeded_ms, failed_ms] = (['succeeded', 'failed'] as const).map((key) => {
    const ms = parseDuration(value[key])
    if (ms === null) {
      assembly.report(file, [
        { path: ['retention', key], message: 'is longer than ten years', fix: 'Shorten it.' },
      ])
    }
    return ms ?? 0
  })
  return { succeeded_ms: succeeded_ms ?? 0, failed_ms: failed_ms ?? 0 }
}

function assembleLimits(assembly: Assembly): Config['limits'] {
  return onlyOne(assembly, 'limits')?.value ?? DEFAULT_LIMITS
}

/** Returns a part that holds for the whole receiver, from the one file that may say it; null where none does. */
function onlyOne<K extends 'retention' | 'limits'>({ files, report }: Assembly, key: K) {
  const [first, ...others] = files.filter(({ content }) => content[key] !== undefined)
  for (const other of others) {
    const message = `${first?.file ?? ''} says this already`
    report(other, [
      { path: [key], at_key: true, message, fix: 'It holds for the whole receiver: keep one of the two.' },
    ])
  }
  const value = first?.content[key]
  return first === undefined || value === undefined ? null : { file: first, value }
}

function takenName(path: Fault['path'], what: string): Fault {
  return {
    path,
    at_key: true,
    message: `another ${what} has this name`,
    fix: 'Names are unique: rename one of the two.',
  }
}
