/**
 * The thread that writes the SQLite database. Operations are taken one at a time, each in one transaction, so that
 * fsync never stops ingest.
 */
import { migrate } from '../migrations/migrate.ts'
import { runOperation } from '../operations.ts'
import { groupFromText } from './accept-text.ts'
import { answerCalls } from './answer-calls.ts'
import { boundLog, checkpointer, lockDataDir, openDatabase, type OpenDatabase } from './database.ts'
import { SQLITE } from './dialect.ts'
import { fileError } from './errors.ts'
import { makeFolder } from './make-folder.ts'
import { takeOwnership } from './ownership.ts'
import { inTransaction } from './transaction.ts'

await answerCalls(async ({ data_dir }) => {
  const open = await start(data_dir)
  const ownership = takeOwnership(open.handle, open.path)
  const checkpoint = checkpointer(open.handle)
  return async ({ name, args }) => {
    if (name === 'close') {
      open.handle.close()
      return null
    }
    if (name === 'files' || name === 'log' || name === 'checkpoint') {
      ownership.isThere()
      return name === 'files' ? ownership.files : checkpoint[name]()
    }
    const given = typeof args === 'string' ? groupFromText(args) : args
    const value = await inTransaction(open, 'begin immediate', async () => {
      ownership.isOurs()
      const result = await runOperation(name, given as never, { ...open, dialect: SQLITE })
      // Before the commit, so that nothing is half done, and after it, so that nothing is promised in vain.
      ownership.isThere()
      return result
    })
    ownership.isThere()
    return value
  }
})

async function start(data_dir: string): Promise<OpenDatabase> {
  try {
    makeFolder(data_dir)
  } catch (error) {
    throw fileError(`DATA_DIR ${data_dir} cannot be made`, error, 'Name a folder that this user may write.')
  }
  lockDataDir(data_dir)
  const open = openDatabase(data_dir)
  boundLog(open.handle)
  await inTransaction(open, 'begin immediate', () => migrate(open.db, SQLITE))
  return open
}
