import { compileAutomation } from '../automations/compile.ts'
import type { Automation } from '../automations/automation.ts'
import type { Config } from '../config/config.ts'
import type { TypeTables } from '../config/schema.ts'
import type { ConnectContext, Sender } from '../destinations/destination.ts'
import type { RepositoriesOf } from '../github/dispatch.ts'
import { createSenders } from '../destinations/index.ts'
import type { Clock } from '../observe/clock.ts'
import { jsonText } from '../store/json-text.ts'
import type { Store } from '../store/store.ts'
import { mergeStored, NOTHING_STORED, type MergedAutomations, type StoredState } from './merge-stored.ts'
import { namedRepositories } from './named-repositories.ts'
import { connectSources, type Source } from './sources.ts'

/** A configuration in working form. At any time exactly one is in force; a change puts a new one in its place whole. */
export interface Runtime {
  config: Config
  automations: readonly Automation[]
  /** By the last part of the webhook URL. */
  sources: ReadonlyMap<string, Source>
  senders: ReadonlyMap<string, Sender>
  /** The kinds of destinations that start a run or a job: a test of one sends only when it is told to. */
  starters: ReadonlySet<string>
  /** The scope that tokens of GitHub Apps are narrowed to. */
  repositoriesOf: RepositoriesOf
  /** The automations that were written through the API and are in force beside those of the files. */
  stored: MergedAutomations
}

/** The state that outlives a configuration, for all of its destinations. */
export interface Surroundings extends Omit<ConnectContext, 'connections' | 'secret'> {
  types: TypeTables
}

/** Returns a valid configuration in working form, with the automations that the store has beside it. */
export function createRuntime(
  files: Config,
  { types, ...lent }: Surroundings,
  stored: StoredState = NOTHING_STORED,
): Runtime {
  const { config, merged } = mergeStored(files, stored)
  return {
    stored: merged,
    config,
    automations: config.automations.map(compileAutomation),
    sources: connectSources(config.sources, types.sources),
    senders: createSenders(types.destinations, {
      ...lent,
      connections: config.connections,
      secret: (text) => config.references.read(text),
    }),
    starters: new Set(
      [...types.destinations.values()].flatMap((one) => (one.order === 'strict' ? [one.type] : [])),
    ),
    repositoriesOf: namedRepositories(config.automations, types.destinations, config.dispatches),
  }
}

/** Keeps the texts of the automations, since deliveries go by the text that they were made under. */
export async function saveRevisions(
  { automations }: Pick<Runtime, 'automations'>,
  store: Store,
  clock: Clock,
): Promise<void> {
  const revisions = automations.map(({ spec, revision }) => ({
    id: revision,
    automation: spec.name,
    spec: jsonText(spec),
  }))
  await store.saveRevisions({ revisions, now: clock.steady() })
}
