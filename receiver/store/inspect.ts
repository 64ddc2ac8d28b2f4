import type { Problem } from '../../src/contract/problem.ts'
import { openSecretsKeys, type KeySettings } from './secrets-key.ts'
import type { InspectedStore } from './sqlite/inspect.ts'
import { StoreRefused, StoreUnavailable } from './store.ts'

/** Looks at the store that the settings name: whether it can be used, and is of this version. Changes nothing in it. */
export async function inspectStore(settings: KeySettings): Promise<InspectedStore> {
  const { database_url, data_dir } = settings
  try {
    checkKey(settings)
    if (database_url !== null) {
      const { inspectPostgresStore } = await import('./postgres/open.ts')
      await inspectPostgresStore(database_url)
      return { problem: null, is_held: false }
    }
    const { inspectSqliteStore } = await import('./sqlite/inspect.ts')
    return inspectSqliteStore(data_dir)
  } catch (error) {
    if (error instanceof StoreRefused || error instanceof StoreUnavailable)
      return { problem: problemOf(error), is_held: false }
    throw error
  }
}

/** Reads the file of the key where there is one. */
const checkKey = (settings: KeySettings) => openSecretsKeys(settings).current

const OTHER_FIX = 'Restore a backup, or name a store of its own.'

/** A refusal has its fix in its message, after an arrow or as its second sentence. */
function problemOf(error: StoreRefused | StoreUnavailable): Problem {
  if (error instanceof StoreUnavailable) return { message: error.message, fix: error.fix }
  const [message = '', fix = OTHER_FIX] = error.message.split('\n  -> ')
  return { message, fix }
}
