import type { Environment } from '../config/environment.ts'
import { openPostgresStore } from './postgres/open.ts'
import { openSqliteStore } from './sqlite/open.ts'
import type { Store } from './store.ts'

/** Opens the store that the environment names. Throws `StoreRefused` with what to do. */
export function openStore({
  database_url,
  data_dir,
}: Pick<Environment, 'database_url' | 'data_dir'>): Promise<Store> {
  return database_url === null ? openSqliteStore(data_dir) : openPostgresStore(database_url)
}
