import type { Problem } from '../../src/contract/problem.ts'
import type { Config } from '../config/config.ts'
import { parse } from '../store/json-text.ts'
import type { StoredAutomation } from '../store/management-records.ts'
import type { Store } from '../store/store.ts'

/** The stored automations at one moment. */
export interface StoredState {
  version: number
  /** Whether other replicas may change them. */
  shared: boolean
  items: readonly StoredAutomation[]
}

/** The outcome of merging the stored automations into the configuration of the files. */
export interface MergedAutomations {
  /** Of the stored automations together. */
  version: number
  /** Whether other replicas may change them: each event is checked against the version then. */
  shared: boolean
  /** Why some of them are not in force, by name: they stay stored. */
  refused: ReadonlyMap<string, Problem>
}

/** A store in which nobody has written an automation. */
export const NOTHING_STORED: StoredState = { version: 0, shared: false, items: [] }

/**
 * Returns a configuration with the stored automations behind its own. The files are the truth for what they name: a
 * stored automation of the same name, or one that no longer fits the files, is left out and said.
 */
export function mergeStored(
  files: Config,
  { version, shared, items }: StoredState,
): { config: Config; merged: MergedAutomations } {
  const refused = new Map<string, Problem>()
  const specs = items.flatMap(({ name, spec }) => {
    const origin = files.rules.origins.get(name)
    if (origin !== undefined) {
      refused.set(name, { message: `${origin.file} names an automation ${name}, too`, fix: RENAME_FIX })
      return []
    }
    const checked = files.rules.check(parse(spec))
    if (checked.ok) return [checked.spec]
    const [first] = checked.problems
    refused.set(name, { message: `${first?.key ?? ''}: ${first?.message ?? ''}`, fix: first?.fix ?? '' })
    return []
  })
  const merged = { version, shared, refused }
  if (specs.length === 0) return { config: files, merged }
  const connections = files.rules.open(files.connections, specs)
  return { config: { ...files, connections, automations: [...files.automations, ...specs] }, merged }
}

const RENAME_FIX = 'Rename one of the two: the one of the file is in force.'

/** Returns the stored automations as they are now. */
export async function readStored(store: Pick<Store, 'engine' | 'storedAutomations'>): Promise<StoredState> {
  return { ...(await store.storedAutomations({})), shared: store.engine === 'postgres' }
}
