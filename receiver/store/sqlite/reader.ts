/**
 * The thread that reads lists, and writes SQLite's log into the database. Neither holds up the thread that writes: who
 * reads sees what was committed before, whatever is written meanwhile (https://sqlite.org/isolation.html).
 */
import { runOperation } from '../operations.ts'
import { answerCalls } from './answer-calls.ts'
import { checkpointer, openDatabase } from './database.ts'
import { SQLITE } from './dialect.ts'
import { checkFiles } from './ownership.ts'
import { inTransaction } from './transaction.ts'

await answerCalls(({ data_dir, files }) => {
  // Another file would be read, and written, with the log of the one that is open.
  checkFiles(files)
  const open = openDatabase(data_dir)
  // Checkpoints are still allowed then: https://sqlite.org/pragma.html#pragma_query_only
  open.handle.exec('pragma query_only = on')
  const checkpoint = checkpointer(open.handle)
  return Promise.resolve(async ({ name, args }) => {
    switch (name) {
      case 'close':
        open.handle.close()
        return null
      case 'checkpoint':
        return checkpoint.checkpoint()
      case 'files':
      case 'log':
        throw new Error(`The reader is not asked for: ${name}.`)
      default:
        return inTransaction(open, 'begin', () =>
          runOperation(name, args as never, { ...open, dialect: SQLITE }),
        )
    }
  })
})
