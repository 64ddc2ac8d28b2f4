import { sql } from 'kysely'
import type { Db, Flavor } from '../db.ts'
import { up as first } from './0001-first.ts'
import { readFact, writeFact } from '../tables/facts.ts'
import { StoreRefused } from '../store.ts'

const SCHEMA = 'schema'

/** In order; a released one is never changed. */
const MIGRATIONS: readonly ((db: Db, flavor: Flavor) => Promise<void>)[] = [
  (db, flavor) => first(db as never, flavor),
]

/**
 * Brings the tables to this program's form. The caller runs it in one transaction: killed half-way, nothing has
 * changed. Throws `StoreRefused` where the store was written by a newer program.
 */
export async function migrate(db: Db, flavor: Flavor): Promise<void> {
  const at = await schemaVersion(db, flavor)
  if (at > MIGRATIONS.length) {
    throw new StoreRefused(
      `The store has schema ${at}; this program knows ${MIGRATIONS.length}. ` +
        'It was written by a newer version of Model Dispatch: start that version, or restore a backup from before the upgrade.',
    )
  }
  if (at === MIGRATIONS.length) return
  for (const up of MIGRATIONS.slice(at)) await up(db, flavor)
  await writeFact(db, SCHEMA, String(MIGRATIONS.length))
}

async function schemaVersion(db: Db, flavor: Flavor): Promise<number> {
  const tables =
    flavor.name === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name = 'facts'`
      : sql<{ name: string }>`select table_name as name from information_schema.tables
          where table_schema = current_schema() and table_name = 'facts'`
  if ((await tables.execute(db)).rows.length === 0) return 0
  return Number((await readFact(db, SCHEMA)) ?? 0)
}
