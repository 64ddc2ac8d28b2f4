import type { Problem } from '../../src/contract/problem.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { Credentials } from '../sources/source.ts'
import type { AutomationInput } from './schema.ts'
import type { SecretReferences } from './secret-references.ts'

/** A configured source, its credentials resolved. */
export interface SourceConfig {
  name: string
  type: string
  credentials: Credentials
  /** The source takes unverified requests, on purpose. */
  insecure: boolean
  /** Events outside match nothing. Keys: entity, project, registry, model; values: lists of globs. */
  allow: Partial<Record<'entity' | 'project' | 'registry' | 'model', string[]>>
  /** Bytes. */
  body_limit: number
  /** Milliseconds, or null for the source type's own rule. */
  dedupe_ms: number | null
  repeats: 'accept' | 'refuse'
  /** How the registry is asked before an event is matched; null: not at all. */
  lookup: LookupConfig | null
  /** How long the source may send nothing before that is told, in ms; null: forever. */
  silent_after_ms: number | null
  /** The source type's own further keys. */
  settings: Record<string, unknown>
}

/** Where and how a source's registry is asked. */
export interface LookupConfig {
  /** required: an event without an answer is not matched. */
  mode: 'optional' | 'required'
  /** Null where the registry answers everybody. */
  api_key: string | null
  /** Without a slash at the end. */
  base_url: string
}

/** Who may send to GitHub's own dispatch route. */
export interface DispatchesConfig {
  access_token: string
  /** The name of a configured source. */
  source: string
  /** The name of a GitHub connection. */
  connection: string
  /** Globs of the repositories that may be named. */
  repositories: readonly string[]
}

/** A token of the management API; `ADMIN_TOKEN` is the one named `admin`. */
export interface NamedToken {
  name: string
  secret: string
  role: 'read' | 'write'
  /** Globs of the automations that the token is limited to; null for all of them. */
  automations: readonly string[] | null
}

/** Where an automation of the files stands. */
export interface Origin {
  file: string
  /** From 1. */
  line: number | null
}

/** Something wrong with an automation that does not come from a file. `key` is relative to the automation. */
export interface AutomationProblem extends Problem {
  key: string
}

/** An automation that was written in the API, checked. */
export type CheckedAutomation =
  { ok: true; input: AutomationInput; spec: AutomationSpec } | { ok: false; problems: AutomationProblem[] }

/** Judges the URL of a destination; null where nothing is wrong with it. */
export type CheckUrl = (text: string) => Problem | null

/** The rules for an automation that comes beside those of the files. */
export interface AutomationRules {
  /** Where each automation of the files stands, by name. */
  readonly origins: ReadonlyMap<string, Origin>
  /**
   * Checks an automation as those of the files are, but for `${env:…}` and `${file:…}`: they work only in a file, since
   * whoever may write an automation could read every variable with them.
   * @param checkUrl judges URLs. Default: as at the load of the files.
   */
  check(value: unknown, checkUrl?: CheckUrl): CheckedAutomation
  /** Returns the connections with what these automations name added to those that list no repositories of their own. */
  open(
    connections: ReadonlyMap<string, GitHubConnection>,
    automations: readonly AutomationSpec[],
  ): ReadonlyMap<string, GitHubConnection>
}

/** A whole valid configuration with its secrets resolved, but for those of destinations: see `references`. */
export interface Config {
  sources: ReadonlyMap<string, SourceConfig>
  connections: ReadonlyMap<string, GitHubConnection>
  dispatches: readonly DispatchesConfig[]
  automations: readonly AutomationSpec[]
  /** Milliseconds. */
  retention: { succeeded_ms: number; failed_ms: number }
  limits: { backlog: number }
  /** Who may use the management API; none keeps it closed. */
  tokens: readonly NamedToken[]
  /** The rules for an automation that comes beside these. */
  rules: AutomationRules
  /** Gives the values of the secrets that automations refer to. */
  references: SecretReferences
}

/** An issue of the configuration, as an instruction. */
export interface ConfigProblem extends Problem {
  file: string
  /** From 1; null where it belongs to no line (an environment variable). */
  line: number | null
  /** `automations[0].filter.alias`, or the name of the environment variable. */
  key: string
}

/** The configuration cannot be used. Its message is the whole text to print, one problem per paragraph. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]
  /** Hashes of every file and directory that was read, by path: when one changes, trying again is worthwhile. */
  readonly contents: ReadonlyMap<string, string>
  constructor(problems: readonly ConfigProblem[], contents: ReadonlyMap<string, string> = new Map()) {
    super(
      problems
        .map(({ file, line, key, message, fix }) => {
          const place = line === null ? file : `${file}:${line}`
          return `${place}: ${key}: ${message}${fix ? `\n  -> ${fix}` : ''}`
        })
        .join('\n'),
    )
    this.name = 'ConfigError'
    this.problems = problems
    this.contents = contents
  }
}
