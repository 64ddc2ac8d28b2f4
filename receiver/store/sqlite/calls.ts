import type { OperationName } from '../store.ts'
import type { WorkerError } from './errors.ts'

/** What a thread of the store is asked: an operation, to do something for the log, or to end. */
export type CallName = OperationName | 'log' | 'checkpoint' | 'close'

/** One call. */
export interface CallRequest {
  id: number
  name: CallName
  /** Of `accept`, mostly the text of `groupToText`. */
  args: unknown
}

/** What came of it. */
export type CallResponse =
  | { id: number; value: unknown }
  /** The value as JSON, where the arguments came as a text. */
  | { id: number; json: string }
  | { id: number; error: WorkerError }
  /** The first message: whether the database could be opened. */
  | { id: 0; value: null }

/** How much of SQLite's log is in use, in frames: pages of the database, as commits have left them. */
export interface LogLength {
  frames: number
  /** Those that are not in the database file yet. */
  left: number
}
