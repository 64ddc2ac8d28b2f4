import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'

/**
 * One store for many tests: opening one costs a thread or a database, and V8 aborts now and then in a process that
 * starts threads by the hundred.
 */
export interface StoreToClear {
  store: Store
  /** Empties every table, past the store. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Opens an embedded store in a folder of its own, which `close` removes. */
export async function openSqliteToClear(): Promise<StoreToClear> {
  const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-store-'))
  const store = await openSqliteStore(data_dir)
  const database = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  const clear = tables.map(({ name }) => `delete from ${String(name)};`).join('\n')
  return {
    store,
    clear() {
      database.exec(`begin immediate;\n${clear}\ncommit`)
      return Promise.resolve()
    },
    async close() {
      database.close()
      await store.close()
      rmSync(data_dir, { recursive: true, force: true })
    },
  }
}

/** Opens a store in this empty database; its clock is the caller's. */
export async function openPostgresToClear(url: string): Promise<StoreToClear> {
  const store = await openPostgresStore(url, { clock: 'caller' })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = current_schema()',
  )
  const clear = rows.map(({ name }) => `delete from ${name};`).join('\n')
  return {
    store,
    async clear() {
      await client.query(clear)
    },
    async close() {
      await client.end()
      await store.close()
    },
  }
}
