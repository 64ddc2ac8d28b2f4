import type { Environment } from '../config/environment/environment.ts'
import { checkSecretsKey } from './secrets-key.ts'
import type { Store } from './store.ts'

/** Opens the store that the environment names, under the right key. Throws `StoreRefused` with what to do. */
export async function openStore(environment: Environment): Promise<Store> {
  const { database_url, data_dir } = environment
  const store = await open(database_url, data_dir)
  try {
    await checkSecretsKey(store, environment)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Loads one engine alone: the driver of the other one is memory and time at the start. */
async function open(database_url: string | null, data_dir: string): Promise<Store> {
  if (database_url === null) return await (await import('./sqlite/open.ts')).openSqliteStore(data_dir)
  return await (await import('./postgres/open.ts')).openPostgresStore(database_url)
}
