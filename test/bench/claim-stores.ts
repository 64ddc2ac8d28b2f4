import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { acceptFirstTwo, copyThem } from './claim-rows.ts'

/** A store on SQLite in which so many deliveries wait. */
export async function sqliteStoreWith(folder: string, waiting: number): Promise<Store> {
  const data = join(folder, `waiting-${waiting}`)
  mkdirSync(data, { recursive: true })
  const empty = await openSqliteStore(data)
  await acceptFirstTwo(empty)
  await empty.close()
  const database = new DatabaseSync(join(data, 'model-dispatch.sqlite'))
  database.exec('pragma synchronous = off; pragma cache_size = -1000000; begin')
  await copyThem(
    {
      execute: (text) => database.exec(text),
      columns: (table) =>
        Promise.resolve(
          database
            .prepare(`select name from pragma_table_info('${table}')`)
            .all()
            .map(({ name }) => String(name)),
        ),
      randomHex: (bytes) => `lower(hex(randomblob(${bytes})))`,
      numbers: (table, count, further) =>
        `create temporary table ${table} as with recursive numbers (n) as
           (select 1 union all select n + 1 from numbers where n < ${count}) select n, ${further} from numbers`,
    },
    waiting,
  )
  database.exec('commit; pragma synchronous = full; pragma wal_checkpoint(truncate)')
  database.close()
  return openSqliteStore(data)
}

/** A store on an empty PostgreSQL database in which so many deliveries wait. */
export async function postgresStoreWith(url: string, waiting: number): Promise<Store> {
  const store = await openPostgresStore(url)
  await acceptFirstTwo(store)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const execute = async (text: string) => {
    await client.query(text)
  }
  await execute("set synchronous_commit = off; set maintenance_work_mem = '256MB'")
  await copyThem(
    {
      execute,
      async columns(table) {
        const { rows } = await client.query<{ name: string }>(
          'select column_name as name from information_schema.columns where table_name = $1 and table_schema = current_schema()',
          [table],
        )
        return rows.map(({ name }) => name)
      },
      // Two halves of 16 bytes are more than anybody asks for here.
      randomHex: (bytes) => `substr(md5(random()::text || n) || md5(n || random()::text), 1, ${2 * bytes})`,
      numbers: (table, count, further) =>
        `create temporary table ${table} as select n, ${further} from generate_series(1, ${count}) as numbers (n)`,
    },
    waiting,
  )
  // What autovacuum does within its first minute.
  await execute('vacuum analyze')
  await execute('checkpoint')
  await client.end()
  return store
}
