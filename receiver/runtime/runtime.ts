import { compileAutomation } from '../automations/compile.ts'
import type { Automation } from '../automations/automation.ts'
import type { Config } from '../config/config.ts'
import type { TypeTables } from '../config/schema.ts'
import type { Sender } from '../destinations/destination.ts'
import type { GitHub, RepositoriesOf } from '../github/dispatch.ts'
import { createSenders } from '../destinations/index.ts'
import { namedRepositories } from './named-repositories.ts'
import { connectSources, type Source } from './sources.ts'

/** A configuration in working form. One is in force at a time; a change puts a new one in its place whole. */
export interface Runtime {
  config: Config
  automations: readonly Automation[]
  /** By the last part of the webhook URL. */
  sources: ReadonlyMap<string, Source>
  senders: ReadonlyMap<string, Sender>
  /** What the tokens of GitHub Apps are narrowed to. */
  repositoriesOf: RepositoriesOf
}

/** Compiles a valid configuration. `github` outlives it: it holds tokens and identities. */
export function createRuntime(config: Config, github: GitHub, types: TypeTables): Runtime {
  return {
    config,
    automations: config.automations.map(compileAutomation),
    sources: connectSources(config.sources, types.sources),
    senders: createSenders(types.destinations, {
      connections: config.connections,
      github,
      secret: (text) => config.references.read(text),
    }),
    repositoriesOf: namedRepositories(config.automations, types.destinations),
  }
}
