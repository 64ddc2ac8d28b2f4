import type { OpenDatabase } from './database.ts'

/** Runs `work` in a transaction. SQLite itself rolls back on some errors (a full disk): only what is still open is rolled back here. */
export async function inTransaction<T>(
  { handle }: OpenDatabase,
  begin: 'begin' | 'begin immediate',
  work: () => Promise<T>,
): Promise<T> {
  handle.exec(begin)
  try {
    const value = await work()
    handle.exec('commit')
    return value
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback')
    throw error
  }
}
