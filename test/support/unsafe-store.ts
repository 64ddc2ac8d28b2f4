import { mkdirSync } from 'node:fs'
import { runOperation } from '../../receiver/store/operations.ts'
import { migrate } from '../../receiver/store/migrations/migrate.ts'
import { openDatabase } from '../../receiver/store/sqlite/database.ts'
import { SQLITE } from '../../receiver/store/sqlite/dialect.ts'
import { storedEvent } from './events.ts'

/**
 * Takes one event into the embedded store between reading a request line from stdin and writing an answer to stdout,
 * like the receiver but with `pragma synchronous` as asked: what a system-call trace of a store looks like that
 * answers before its data is on disk.
 *   node test/support/unsafe-store.ts DATA_DIR normal|full
 */
const [data_dir = '', synchronous = ''] = process.argv.slice(2)
mkdirSync(data_dir, { recursive: true })
const { db, handle, batch } = openDatabase(data_dir)
await migrate(db, SQLITE)
handle.exec(`pragma synchronous = ${synchronous}`)

process.stdin.on('data', (request: Buffer) => {
  void answer(request)
})

async function answer(request: Buffer): Promise<void> {
  handle.exec('begin immediate')
  const events = [storedEvent({ raw: request })]
  await runOperation('accept', { now: Date.now(), events }, { db, batch, dialect: SQLITE })
  handle.exec('commit')
  process.stdout.write('HTTP/1.1 202 Accepted\r\n\r\n')
}
