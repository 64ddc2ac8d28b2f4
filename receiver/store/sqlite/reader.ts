/**
 * The thread that reads lists, and writes SQLite's log into the database. Neither holds up the thread that writes: who
 * reads sees what was committed before, whatever is written meanwhile (https://sqlite.org/isolation.html).
 */
import { runOperation } from '../operations.ts'
import { answerCalls } from './answer-calls.ts'
import { checkpointer, openDatabase } from './database.ts'
import { SQLITE } from './dialect.ts'
import { inTransaction } from './transaction.ts'

await answerCalls((data_dir) => {
  const open = openDatabase(data_dir)
  // Checkpoints are still allowed then: https://sqlite.org/pragma.html#pragma_query_only
  open.handle.exec('pragma query_only = on')
  const checkpoint = checkpointer(open.handle)
  return Promise.resolve(async ({ name, args }) => {
    switch (name) {
      case 'close':
        open.handle.close()
        return null
      case 'log':
      case 'checkpoint':
        return checkpoint[name]()
      default:
        return inTransaction(open, 'begin', () =>
          runOperation(name, args as never, { ...open, dialect: SQLITE }),
        )
    }
  })
})
