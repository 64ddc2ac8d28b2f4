import type { Dialect } from '../db.ts'

/** SQLite: one writer, so nothing needs locking within a transaction. */
export const SQLITE: Dialect = {
  name: 'sqlite',
  types: {
    sequence: 'integer primary key autoincrement',
    integer: 'integer',
    bytes: 'blob',
    // The key's own tree holds the row: half the pages to write.
    keyed: 'without rowid',
  },
  locked: (query) => query,
  skipLocked: (query) => query,
}
