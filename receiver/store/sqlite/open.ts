import { resolve } from 'node:path'
import type { Log } from '../../observe/log.ts'
import { isList, operationsThrough } from '../operations-through.ts'
import type { AcceptArgs } from '../records.ts'
import type { OperationName, Store } from '../store.ts'
import { groupToText } from './accept-text.ts'
import type { LogLength, ThreadData } from './calls.ts'
import { keepLogShort } from './keep-log-short.ts'
import { startThread, type Thread } from './thread.ts'

/** How to open the embedded store. */
export interface SqliteOptions {
  /** Where a line goes when SQLite's log cannot be kept short. */
  log?: Pick<Log, 'warn'>
}

/**
 * Opens the embedded store in `data_dir`, which it makes where needed, and locks the folder for this process. Two
 * threads work on it: one writes; the other one, which starts when it is needed, reads lists and keeps SQLite's log
 * short, so that neither holds up a write.
 *
 * @throws StoreRefused when another process has it or another version of this program wrote it
 */
export async function openSqliteStore(data_dir: string, { log }: SqliteOptions = {}): Promise<Store> {
  const folder = resolve(data_dir)
  const writer = await startThread('writer', { data_dir: folder, files: [] })
  const startReader = async () =>
    startThread('reader', {
      data_dir: folder,
      files: (await writer.call('files', {})) as ThreadData['files'],
    })
  let reader: Promise<Thread> | null = null
  const read: Thread['call'] = async (name, args) => {
    const started = (reader ??= startReader())
    try {
      return await (await started).call(name, args)
    } catch (error) {
      // A thread that could not open the database is started anew by the next call.
      if (reader === started) await started.catch(() => (reader = null))
      throw error
    }
  }
  const kept = keepLogShort({
    length: () => writer.call('log', {}) as Promise<LogLength>,
    checkpoint: () => read('checkpoint', {}) as Promise<LogLength>,
    finish: () => writer.call('checkpoint', {}) as Promise<LogLength>,
    log,
  })
  const write = async (name: OperationName, args: unknown): Promise<unknown> => {
    const text = name === 'accept' ? groupToText(args as AcceptArgs) : null
    try {
      return await writer.call(name, text ?? args)
    } finally {
      kept.wrote()
    }
  }
  return {
    ...operationsThrough((name, args) => (isList(name) ? read(name, args) : write(name, args))),
    engine: 'sqlite',
    onWork: () => undefined,
    async close() {
      await kept.stop()
      // The last connection that closes writes the rest of the log into the database.
      await (await reader?.catch(() => null))?.close()
      await writer.close()
    },
  }
}
