import { Worker } from 'node:worker_threads'
import { StoreUnavailable } from '../store.ts'
import type { CallName, CallRequest, CallResponse, ThreadData } from './calls.ts'
import { reviveError } from './errors.ts'

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** A thread of the store, which has a connection to the database. */
export interface Thread {
  call(name: CallName, args: unknown): Promise<unknown>
  /** Lets the calls before this one finish, closes the database and ends the thread. */
  close(): Promise<void>
}

/**
 * Starts the thread of the file `name` on a database. Resolves when it is open.
 *
 * @throws StoreRefused or StoreUnavailable when it cannot be opened
 */
export async function startThread(name: 'writer' | 'reader', data: ThreadData): Promise<Thread> {
  const worker = new Worker(new URL(`./${name}.ts`, import.meta.url), {
    workerData: data,
    name: `store-${name}`,
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
  worker.on('message', (message: CallResponse) => {
    const call = waiting.get(message.id)
    waiting.delete(message.id)
    if ('error' in message) call?.reject(reviveError(message.error))
    else call?.resolve('json' in message ? JSON.parse(message.json) : message.value)
  })
  worker.on('error', fail)
  worker.on('exit', () => {
    fail(new Error('it has been closed'))
  })

  const call: Thread['call'] = (name, args) =>
    new Promise((resolve, reject) => {
      if (gone !== null) {
        reject(gone)
        return
      }
      const id = ++count
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, name, args } satisfies CallRequest)
    })
  try {
    await opened
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return {
    call,
    async close() {
      await call('close', {})
      await worker.terminate()
    },
  }
}
