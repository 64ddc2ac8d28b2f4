import type { Json } from '../../src/contract/model-event.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { AutomationProblem, AutomationRules, CheckedAutomation, CheckUrl, Origin } from './config.ts'
import { buildAutomation, type AutomationContext } from './automation-spec.ts'
import { createContentReader } from './content.ts'
import { faultsOf } from './issues.ts'
import { keyOf, type Fault, type Path } from './problems.ts'
import { LITERAL, resolveReferences } from './references.ts'
import { automationSchema, fileSchema, type AutomationInput, type TypeTables } from './schema.ts'

/**
 * The rules of a configuration. The private part is derived from the rest of the configuration, so that two
 * configurations that are equal without it are equal.
 */
export class FileRules implements AutomationRules {
  readonly origins: ReadonlyMap<string, Origin>
  readonly #tables: TypeTables
  readonly #context: AutomationContext

  constructor(tables: TypeTables, context: AutomationContext, origins: ReadonlyMap<string, Origin>) {
    this.#tables = tables
    this.#context = context
    this.origins = origins
  }

  check(value: unknown, checkUrl: CheckUrl = this.#context.checkUrl): CheckedAutomation {
    const written = value as Json
    const faults = referenceFaults(written)
    if (faults.length === 0) faults.push(...this.#secretFaults(written))
    const schema = automationSchema(this.#tables.destinations)
    const parsed = schema.safeParse(written)
    if (!parsed.success) faults.push(...faultsOf(parsed.error.issues, { schema, value: written }))
    if (!parsed.success || faults.length > 0) return { ok: false, problems: faults.map(problemOf) }
    const built = buildAutomation(parsed.data, { ...this.#opened(parsed.data), checkUrl })
    if (built.faults.length > 0) return { ok: false, problems: built.faults.map(problemOf) }
    return { ok: true, input: parsed.data, spec: built.spec }
  }

  open(
    connections: ReadonlyMap<string, GitHubConnection>,
    automations: readonly AutomationSpec[],
  ): ReadonlyMap<string, GitHubConnection> {
    const named = automations.flatMap(({ destinations }) => this.#named(destinations))
    const entries = [...connections].map(([name, connection]): [string, GitHubConnection] => {
      const more = named.filter((use) => use.connection === name).map(({ repository }) => repository)
      if (connection.listed || more.length === 0) return [name, connection]
      return [name, { ...connection, repositories: [...new Set([...connection.repositories, ...more])] }]
    })
    return new Map(entries)
  }

  /** Secret keys hold a named secret, checked by the rules of the files. */
  #secretFaults(value: Json): Fault[] {
    const schema = fileSchema(this.#tables)
    const sources = { env: {}, directory: '.', reader: createContentReader() }
    const { faults } = resolveReferences({ automations: [value] }, { schema, ...sources })
    return faults.map((fault) => ({
      ...fault,
      path: fault.path.slice(2),
      fix: fault.message === LITERAL.message ? NAMED_FIX : fault.fix,
    }))
  }

  #opened({ destinations }: AutomationInput): AutomationContext {
    const connections = new Map(this.#context.connections)
    for (const { connection, repository } of this.#named(destinations)) {
      const known = connections.get(connection)
      if (known !== undefined && !known.listed)
        connections.set(connection, { ...known, repositories: [...known.repositories, repository] })
    }
    return { ...this.#context, connections }
  }

  /** The repositories that destinations name word for word. */
  #named(destinations: AutomationSpec['destinations']): { connection: string; repository: string }[] {
    return destinations.flatMap((settings) => {
      const use = this.#tables.destinations.get(settings.type)?.repository?.(settings)
      const repository = `${use?.owner ?? ''}/${use?.name ?? ''}`
      return use !== undefined && isLiteral(repository) ? [{ connection: use.connection, repository }] : []
    })
  }
}

/** Returns whether a repository is one name: neither a template nor, by mistake, a glob that would allow more. */
export function isLiteral(repository: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(repository)
}

const NAMED_FIX =
  'Store the secret with PUT /api/v1/secrets/NAME, bound to the host that it is sent to, and write "${NAME}" here.'

const problemOf = ({ path, message, fix }: Fault): AutomationProblem => ({
  key: path.length === 0 ? '(automation)' : keyOf(path),
  message,
  fix,
})

/** Returns every place where a reference stands that only a file may have. */
function referenceFaults(value: Json, path: Path = []): Fault[] {
  if (typeof value === 'string') {
    const [, kind] = /(?<!\$)\$\{\s*(env|file)\s*:/i.exec(value) ?? []
    if (kind === undefined) return []
    const message = `\${${kind.toLowerCase()}:…} works only in the configuration file`
    return [{ path, message, fix: NAMED_FIX }]
  }
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) =>
    referenceFaults(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}
