import type { Log } from '../observe/log.ts'
import type { Store } from './store.ts'

/** Which store to open. */
export interface StoreSettings {
  /** `postgres://…`, or null for the embedded store in `data_dir`. */
  database_url: string | null
  data_dir: string
}

/**
 * Opens the store that the settings name. Loads one engine alone: the driver of the other one is memory and time at the
 * start.
 *
 * @throws StoreRefused with what to do
 */
export async function openStore(
  { database_url, data_dir }: StoreSettings,
  options: { log?: Pick<Log, 'warn'> } = {},
): Promise<Store> {
  if (database_url === null)
    return await (await import('./sqlite/open.ts')).openSqliteStore(data_dir, options)
  return await (await import('./postgres/open.ts')).openPostgresStore(database_url)
}
