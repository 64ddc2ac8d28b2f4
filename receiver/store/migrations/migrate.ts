import { sql } from 'kysely'
import type { Db, Dialect } from '../db.ts'
import { StoreRefused } from '../store.ts'
import { readFact, writeFact } from '../tables/facts.ts'
import { up as first } from './0001-first.ts'
import { up as secrets } from './0002-secrets.ts'
import { up as management } from './0003-management.ts'
import { up as lookups } from './0004-lookups.ts'
import { up as revisions } from './0005-revisions.ts'

const SCHEMA = 'schema'

/** In order; a released one is never changed. */
const MIGRATIONS: readonly ((db: Db, dialect: Dialect) => Promise<void>)[] = [
  (db, dialect) => first(db as never, dialect),
  (db, dialect) => secrets(db as never, dialect),
  (db, dialect) => management(db as never, dialect),
  (db, dialect) => lookups(db as never, dialect),
  (db) => revisions(db as never),
]

/** The schema that the first of `MIGRATIONS` makes. Earlier ones were never released. */
const FIRST = 4
const LATEST = FIRST + MIGRATIONS.length - 1

/**
 * Brings the tables to this program's form. The caller runs it in one transaction: killed half-way, nothing has
 * changed.
 *
 * @throws StoreRefused when the store was written by a newer program, or by one from before the first release
 */
export async function migrate(db: Db, dialect: Dialect): Promise<void> {
  const at = await schemaVersion(db, dialect)
  refuseSchema(at)
  if (at === LATEST) return
  for (const up of MIGRATIONS.slice(at === null ? 0 : at - FIRST + 1)) await up(db, dialect)
  await writeFact({ db }, SCHEMA, String(LATEST))
}

/**
 * Refuses tables that this program cannot bring to its form.
 * @param at the number of their form; null in an empty database.
 * @throws StoreRefused
 */
export function refuseSchema(at: number | null): void {
  if (at !== null && at > LATEST) {
    throw new StoreRefused(
      `The store has schema ${at}; this program knows ${LATEST}: it was written by a newer version of ` +
        'Model Dispatch.\n  -> Start that version, or restore a backup from before the upgrade.',
    )
  }
  if (at !== null && at < FIRST) {
    throw new StoreRefused(
      `The store has schema ${at}; this program needs ${FIRST} or newer: it was written by a version from ` +
        'before the first release.\n  -> Start with an empty DATA_DIR or database.',
    )
  }
}

/** Returns the number of the tables' form; null in an empty database. */
export async function schemaVersion(db: Db, { name }: Dialect): Promise<number | null> {
  const tables =
    name === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name = 'facts'`
      : sql<{ name: string }>`select table_name as name from information_schema.tables
          where table_schema = current_schema() and table_name = 'facts'`
  if ((await tables.execute(db)).rows.length === 0) return null
  return Number((await readFact({ db }, SCHEMA)) ?? 0)
}
