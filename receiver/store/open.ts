import type { Environment } from '../config/environment/environment.ts'
import { openPostgresStore } from './postgres/open.ts'
import { openSqliteStore } from './sqlite/open.ts'
import { checkSecretsKey } from './secrets-key.ts'
import type { Store } from './store.ts'

/** Opens the store that the environment names, under the right key. Throws `StoreRefused` with what to do. */
export async function openStore(environment: Environment): Promise<Store> {
  const { database_url, data_dir } = environment
  const store =
    database_url === null ? await openSqliteStore(data_dir) : await openPostgresStore(database_url)
  try {
    await checkSecretsKey(store, environment)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
