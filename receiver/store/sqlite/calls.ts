import type { OperationName } from '../store.ts'
import type { WorkerError } from './errors.ts'
import type { OpenFile } from './ownership.ts'

/** The calls that a thread of the store takes: operations, those about the database's files and its log, and the end. */
export type CallName = OperationName | 'files' | 'log' | 'checkpoint' | 'close'

/** The settings of a thread of the store. */
export interface ThreadData {
  data_dir: string
  /** The files that the thread that writes has open; none for that thread itself. */
  files: readonly OpenFile[]
}

/** A call. */
export interface CallRequest {
  id: number
  name: CallName
  /** Of `accept`, mostly the text of `groupToText`. */
  args: unknown
}

/** The outcome of an operation. */
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
  /** The frames that are not in the database file yet. */
  left: number
}
