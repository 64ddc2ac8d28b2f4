import { compileAutomation } from './automations/compile.ts'
import type { Automation } from './automations/automation.ts'
import type { Config } from './config/config.ts'
import type { DestinationType, GitHub, Sender } from './destinations/destination.ts'
import { createSenders } from './destinations/index.ts'

/** A configuration in working form. One is in force at a time; a change puts a new one in its place whole. */
export interface Runtime {
  config: Config
  automations: readonly Automation[]
  senders: ReadonlyMap<string, Sender>
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
    senders: createSenders(config.connections, { github, types }),
  }
}
