import { checkSecretsKey, type KeySettings } from './secrets-key.ts'
import type { Store } from './store.ts'

/** Which store to open, and under which key. */
export interface StoreSettings extends KeySettings {
  /** `postgres://…`, or null for the embedded store in `data_dir`. */
  database_url: string | null
}

/**
 * Opens the store that the settings name, under the right key.
 *
 * @throws StoreRefused with what to do
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { database_url, data_dir } = settings
  const store = await open(database_url, data_dir)
  try {
    await checkSecretsKey(store, settings)
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
