/**
 * The thread that owns the SQLite database. It takes one operation at a time, each in one transaction, so that
 * fsync and long reads never stop ingest.
 */
import { mkdirSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { migrate } from '../migrations/migrate.ts'
import { runOperation } from '../operations.ts'
import { freeStartMemory } from '../../observe/free-start-memory.ts'
import type { OperationName } from '../store.ts'
import { groupFromText } from './accept-text.ts'
import { lockDataDir, openDatabase, type OpenDatabase } from './database.ts'
import { SQLITE } from './dialect.ts'
import { takeOwnership, type Ownership } from './ownership.ts'
import { describeError, describeOpenError, fileError, type WorkerError } from './errors.ts'

/** One operation to run. */
export interface WorkerRequest {
  id: number
  operation: OperationName | 'close'
  /** Of `accept`, mostly the text of `groupToText`. */
  args: unknown
}

/** What came of it. */
export type WorkerResponse =
  | { id: number; value: unknown }
  /** The value as JSON, where the arguments came as a text. */
  | { id: number; json: string }
  | { id: number; error: WorkerError }
  /** The first message: whether the database could be opened. */
  | { id: 0; value: null }

const port = parentPort
if (port === null) throw new Error('sqlite/worker.ts runs as a worker thread only')

const { data_dir } = workerData as { data_dir: string }
const reply = (message: WorkerResponse) => {
  port.postMessage(message)
}

try {
  const open = await start()
  const ownership = takeOwnership(open.handle, open.path)
  reply({ id: 0, value: null })
  freeStartMemory()
  let last: Promise<void> = Promise.resolve()
  port.on('message', (request: WorkerRequest) => {
    last = last.then(() => handle(open, ownership, request))
  })
} catch (error) {
  reply({ id: 0, error: describeOpenError(error, data_dir) })
}

async function start(): Promise<OpenDatabase> {
  try {
    mkdirSync(data_dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError(`DATA_DIR ${data_dir} cannot be made`, error, 'Name a folder that this user may write.')
  }
  lockDataDir(data_dir)
  const open = openDatabase(data_dir)
  await transaction(open, () => migrate(open.db, SQLITE))
  return open
}

async function handle(
  open: OpenDatabase,
  ownership: Ownership,
  { id, operation, args }: WorkerRequest,
): Promise<void> {
  try {
    if (operation === 'close') {
      open.handle.close()
      reply({ id, value: null })
      return
    }
    const given = typeof args === 'string' ? groupFromText(args) : args
    const value = await transaction(open, async () => {
      ownership.isOurs()
      const result = await runOperation(operation, given as never, { ...open, dialect: SQLITE })
      // Before the commit, so that nothing is half done, and after it, so that nothing is promised in vain.
      ownership.isThere()
      return result
    })
    ownership.isThere()
    reply(typeof args === 'string' ? { id, json: JSON.stringify(value) } : { id, value: value ?? null })
  } catch (error) {
    reply({ id, error: describeError(error) })
  }
}

/** SQLite itself rolls back on some errors (a full disk): only what is still open is rolled back here. */
async function transaction<T>({ handle }: OpenDatabase, work: () => Promise<T>): Promise<T> {
  handle.exec('begin immediate')
  try {
    const value = await work()
    handle.exec('commit')
    return value
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback')
    throw error
  }
}
