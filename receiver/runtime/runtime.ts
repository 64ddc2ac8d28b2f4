import { compileAutomation } from '../automations/compile.ts'
import type { Automation } from '../automations/automation.ts'
import type { Config } from '../config/config.ts'
import type { DestinationType, Sender } from '../destinations/destination.ts'
import type { GitHub, RepositoriesOf } from '../github/dispatch.ts'
import { createSenders } from '../destinations/index.ts'
import { namedRepositories } from './named-repositories.ts'

/** A configuration in working form. One is in force at a time; a change puts a new one in its place whole. */
export interface Runtime {
  config: Config
  automations: readonly Automation[]
  senders: ReadonlyMap<string, Sender>
  /** What the tokens of GitHub Apps are narrowed to. */
  repositoriesOf: RepositoriesOf
}

/** Compiles a valid configuration. `github` outlives it: it holds tokens and identities. */
export function createRuntime(
  config: Config,
  github: GitHub,
  types: ReadonlyMap<string, DestinationType>,
): Runtime {
  return {
    config,
    automations: config.automations.map(compileAutomation),
    senders: createSenders(types, {
      connections: config.connections,
      github,
      secret: (text) => config.references.read(text),
    }),
    repositoriesOf: namedRepositories(config.automations, types),
  }
}
