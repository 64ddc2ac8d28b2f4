import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { operationsThrough } from '../operations-through.ts'
import type { AcceptArgs } from '../records.ts'
import { StoreUnavailable, type Store } from '../store.ts'
import { groupToText } from './accept-text.ts'
import { reviveError } from './errors.ts'
import type { WorkerRequest, WorkerResponse } from './worker.ts'

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/**
 * Opens the embedded store in `data_dir`, which it makes where needed, and locks the folder for this process.
 *
 * @throws StoreRefused when another process has it or another version of this program wrote it
 */
export async function openSqliteStore(data_dir: string): Promise<Store> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { data_dir: resolve(data_dir) },
    name: 'store',
  })
  const waiting = new Map<number, Waiting>()
  let count = 0
  let gone: Error | null = null

  const fail = (error: Error) => {
    // The exit follows the error that caused it.
    gone ??= new StoreUnavailable(`The store's thread ended: ${error.message}.`, 'Restart the receiver.', {
      cause: error,
    })
    for (const { reject } of waiting.values()) reject(gone)
    waiting.clear()
  }
  const opened = new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }))
  worker.on('message', (message: WorkerResponse) => {
    const call = waiting.get(message.id)
    waiting.delete(message.id)
    if ('error' in message) call?.reject(reviveError(message.error))
    else call?.resolve('json' in message ? JSON.parse(message.json) : message.value)
  })
  worker.on('error', fail)
  worker.on('exit', () => {
    fail(new Error('it has been closed'))
  })

  const call = (operation: WorkerRequest['operation'], args: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== null) {
        reject(gone)
        return
      }
      const id = ++count
      waiting.set(id, { resolve, reject })
      const text = operation === 'accept' ? groupToText(args as AcceptArgs) : null
      worker.postMessage({ id, operation, args: text ?? args } satisfies WorkerRequest)
    })

  try {
    await opened
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return {
    ...operationsThrough(call),
    engine: 'sqlite',
    onWork: () => undefined,
    async close() {
      await call('close', {})
      await worker.terminate()
    },
  }
}
