import type { Problem } from '../../../src/contract/problem.ts'
import { reasonOf } from '../../observe/reason-of.ts'
import { AutomationsChanged, StoreRefused, StoreUnavailable } from '../store.ts'

/** An error on its way from the worker thread. */
export interface WorkerError extends Problem {
  kind: 'unavailable' | 'refused' | 'automations' | 'other'
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html) that say the store, not the row, is in trouble. */
const TROUBLES: ReadonlyMap<number, string> = new Map([
  [5, 'Another program holds the database file: end it.'],
  [6, 'Another program holds the database file: end it.'],
  [8, 'Mount the volume of DATA_DIR writable.'],
  [10, 'Check the disk under DATA_DIR and the free space on it.'],
  [11, 'The database file is damaged: restore a backup of DATA_DIR.'],
  [13, 'Free space on the volume of DATA_DIR, or make it larger.'],
  [14, 'Let this user read and write the files in DATA_DIR.'],
  [26, 'The file in DATA_DIR is not a database of ours: restore a backup.'],
])

/** Translates an error for the caller of an operation. */
export function describeError(error: unknown): WorkerError {
  const message = reasonOf(error)
  if (error instanceof StoreRefused) return { kind: 'refused', message, fix: '' }
  if (error instanceof StoreUnavailable) return { kind: 'unavailable', message, fix: error.fix }
  if (error instanceof AutomationsChanged) return { kind: 'automations', message, fix: '' }
  const code = (error as { errcode?: unknown }).errcode
  // Extended result codes keep the primary one in their low byte.
  const fix = typeof code === 'number' ? TROUBLES.get(code & 0xff) : undefined
  if (fix === undefined) return { kind: 'other', message, fix: '' }
  return { kind: 'unavailable', message: `The store cannot be written: ${message}.`, fix }
}

/** Of the troubles of an open store, those that no second try mends: a person has to. */
const FOR_A_PERSON: ReadonlySet<number> = new Set([8, 11, 14, 26])

/** Translates an error for the caller who opens the store: `unavailable` where opening it again may succeed. */
export function describeOpenError(error: unknown, data_dir: string): WorkerError {
  const described = describeError(error)
  if (error instanceof StoreRefused || error instanceof StoreUnavailable) return described
  const message = `${data_dir}: ${described.message}`
  const code = (error as { errcode?: unknown }).errcode
  if (described.kind === 'unavailable' && typeof code === 'number' && FOR_A_PERSON.has(code & 0xff))
    return { kind: 'refused', message: `${message}\n  -> ${described.fix}`, fix: '' }
  return { ...described, message }
}

/** The system's errors about a file that a later moment may mend: errno(3). */
const BAD_MOMENTS: ReadonlySet<unknown> = new Set(
  'ENOSPC EDQUOT EIO EMFILE ENFILE ENOMEM EAGAIN EBUSY ETIMEDOUT ESTALE'.split(' '),
)

/** Tells why a file or folder of DATA_DIR cannot be used: a refusal, or a moment to wait for. */
export function fileError(what: string, error: unknown, fix: string): StoreRefused | StoreUnavailable {
  const message = `${what}: ${reasonOf(error)}.`
  if ((error as { code?: unknown }).code === 'EROFS')
    return new StoreRefused(
      `${message}\n  -> Mount the volume of DATA_DIR writable, or set DATA_DIR to a folder on another disk.`,
    )
  if (BAD_MOMENTS.has((error as { code?: unknown }).code))
    return new StoreUnavailable(message, 'Free space on the volume of DATA_DIR, and check its disk.', {
      cause: error,
    })
  return new StoreRefused(`${message}\n  -> ${fix}`)
}

/** The error as the caller sees it. */
export function reviveError({ kind, message, fix }: WorkerError): Error {
  if (kind === 'unavailable') return new StoreUnavailable(message, fix)
  if (kind === 'automations') return new AutomationsChanged()
  return kind === 'refused' ? new StoreRefused(message) : new Error(message)
}
