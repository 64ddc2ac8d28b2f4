import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Problem } from '../../../src/contract/problem.ts'
import { refuseSchema } from '../migrations/migrate.ts'
import { DATABASE, LOCK } from './database.ts'
import { describeError, fileError } from './errors.ts'

/** The state of a store, seen without opening it for work. */
export interface InspectedStore {
  /** Why a receiver could not use it; null where it could. */
  problem: Problem | null
  /** Whether another process has the folder of an embedded store now. */
  is_held: boolean
}

/** How long to wait for the writer of the database, in ms. */
const PATIENCE_MS = 2_000

/**
 * Looks at the embedded store in `data_dir`, where there is one. Not for the process that has it open: looking at the lock
 * would give it away.
 * @throws StoreRefused where a file of it cannot be used
 */
export function inspectSqliteStore(data_dir: string): InspectedStore {
  for (const name of [LOCK, DATABASE, `${DATABASE}-wal`]) checkWritable(join(data_dir, name))
  const path = join(data_dir, DATABASE)
  const is_held = isHeld(join(data_dir, LOCK))
  if (!existsSync(path)) return { problem: null, is_held }
  try {
    refuseSchema(schemaOf(path))
    return { problem: null, is_held }
  } catch (error) {
    const { kind, message, fix } = describeError(error)
    if (kind !== 'unavailable') throw error
    return { problem: { message: `${path}: ${message}`, fix }, is_held }
  }
}

function checkWritable(path: string): void {
  if (!existsSync(path)) return
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    const fix = 'Let this user read and write the folder DATA_DIR and all in it.'
    throw fileError(`${path} cannot be written`, error, fix)
  }
}

/** Whether a process has the lock of the folder: nobody else can read it then. */
function isHeld(path: string): boolean {
  if (!existsSync(path)) return false
  const lock = new DatabaseSync(path, { readOnly: true })
  try {
    lock.exec('select count(*) from sqlite_master')
    return false
  } catch (error) {
    return (Number((error as { errcode?: unknown }).errcode) & 0xff) === BUSY
  } finally {
    lock.close()
  }
}

/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
const BUSY = 5

/** Returns the number of the tables' form; null in an empty database. */
function schemaOf(path: string): number | null {
  const handle = new DatabaseSync(locationOf(path), { readOnly: true, timeout: PATIENCE_MS })
  try {
    const facts = handle.prepare("select 1 from sqlite_master where type = 'table' and name = 'facts'").get()
    if (facts === undefined) return null
    return Number(handle.prepare("select value from facts where key = 'schema'").get()?.['value'] ?? 0)
  } finally {
    handle.close()
  }
}

/** Where no process has left anything to be merged, nothing is written beside the file: it is opened as one at rest. */
function locationOf(path: string): string | URL {
  const rest = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  return rest > 0 ? path : new URL(`${pathToFileURL(resolve(path)).href}?immutable=1`)
}
