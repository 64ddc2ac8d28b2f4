import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'
import { reasonOf } from '../../observe/reason-of.ts'
import type { Db } from '../db.ts'
import type { Tables } from '../schema.ts'
import type { Call } from '../statement.ts'
import { StoreUnavailable } from '../store.ts'
import type { LogLength } from './calls.ts'
import { fileError } from './errors.ts'

/** The name of the database's file in DATA_DIR. */
export const DATABASE = 'model-dispatch.sqlite'
/** The name of the file by which one process has DATA_DIR to itself. */
export const LOCK = 'lock'

/** Statements kept prepared; the engine uses some fifty texts. */
const PREPARED = 300

/** SQLite's log begins anew when it has so many frames: 64 MB. A shorter one would write the same pages more often. */
export const LOG_FRAMES = 16_000
/** With so many the thread that writes shortens the log itself, whatever that costs: 128 MB. */
export const MOST_LOG_FRAMES = 32_000
/** Of one page. */
export const PAGE_BYTES = 4_096

/** An open SQLite database: Kysely for the queries, the handle for transactions. */
export interface OpenDatabase {
  db: Db
  handle: DatabaseSync
  path: string
  /** Runs statements in their order. Returns the rows of each. */
  batch: (calls: readonly Call[]) => Promise<unknown[][]>
}

/** Held for as long as the process runs: a handle that is collected as garbage gives its lock away. */
const locks = new Set<DatabaseSync>()

/**
 * Opens `DATA_DIR/model-dispatch.sqlite` for this process alone: WAL and `synchronous=FULL`, so that a commit is
 * on disk when it returns (with NORMAL the last ones are lost with the power).
 */
export function openDatabase(data_dir: string): OpenDatabase {
  const path = ownFile(data_dir, DATABASE)
  const handle = new DatabaseSync(path)
  handle.exec('pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory')
  // Small: the system caches the file as well, and SQLite walks its own cache at every commit.
  handle.exec('pragma cache_size = -4096')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(handle) }) })
  return { db, handle, path, batch: batchOn(handle) }
}

/** Bounds the log for a connection that writes, in case nobody else writes it into the database. */
export function boundLog(handle: DatabaseSync): void {
  handle.exec(`pragma wal_autocheckpoint = ${MOST_LOG_FRAMES}`)
  // A log that has been longer gives its room back when it begins anew.
  handle.exec(`pragma journal_size_limit = ${LOG_FRAMES * PAGE_BYTES}`)
}

/** Returns what tells how long the log is, and what writes it into the database as far as nobody reads what was before. */
export function checkpointer(handle: DatabaseSync): Record<'log' | 'checkpoint', () => LogLength> {
  const ask = (mode: string) => (): LogLength => {
    const row = handle.prepare(`pragma wal_checkpoint(${mode})`).get()
    const frames = Number(row?.['log'])
    return { frames, left: frames - Number(row?.['checkpointed']) }
  }
  return { log: ask('noop'), checkpoint: ask('passive') }
}

/**
 * Holds an exclusive lock on DATA_DIR until the process ends, however it ends. Two processes on one folder would
 * each deliver everything.
 */
export function lockDataDir(data_dir: string): void {
  const lock = new DatabaseSync(ownFile(data_dir, LOCK))
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    lock.close()
    if (!isLocked(error)) throw error
    throw new StoreUnavailable(
      `Another receiver is running on DATA_DIR ${data_dir}: ${reasonOf(error)}.`,
      'Stop it first, give this one a DATA_DIR of its own, or set DATABASE_URL to run several on PostgreSQL.',
    )
  }
  locks.add(lock)
}

/**
 * A file of the folder, made for this user alone where there is none: the folder may have been made by others, open to
 * all. SQLite gives the files beside it (-wal, -shm) the same rights.
 */
function ownFile(data_dir: string, name: string): string {
  const path = join(data_dir, name)
  try {
    // An existing one is not opened: closing it would give away a lock that this process has on it.
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
    else closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    const fix = 'Let this user read and write the folder DATA_DIR and all in it.'
    throw fileError(`${path} cannot be written`, error, fix)
  }
  return path
}

/** SQLITE_BUSY or SQLITE_LOCKED (https://www.sqlite.org/rescode.html). */
function isLocked(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && [5, 6].includes(errcode & 0xff)
}

/** Runs the statements whose texts are fixed: each is prepared once. */
function batchOn(handle: DatabaseSync): OpenDatabase['batch'] {
  const prepared = new Map<string, StatementSync>()
  const run = (call: Call): unknown[] => {
    if (call.sqlite === null) return []
    let statement = prepared.get(call.name)
    if (statement === undefined) {
      statement = handle.prepare(withoutUndo(call.sqlite))
      prepared.set(call.name, statement)
    }
    if (call.each === undefined) return statement.all(...call.parameters)
    for (const values of call.each) statement.run(...values)
    return []
  }
  return (calls) => Promise.resolve(calls.map(run))
}

/** node:sqlite in the form that Kysely's dialect expects. */
function adapt(handle: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => handle.close(),
    prepare(given) {
      const text = withoutUndo(given)
      let statement = prepared.get(text)
      if (statement === undefined) {
        if (prepared.size >= PREPARED) prepared.clear()
        statement = adaptStatement(handle.prepare(text))
        prepared.set(text, statement)
      }
      return statement
    },
  }
}

/**
 * A transaction of ours holds as a whole or not at all. Told so, SQLite needn't keep a copy of every page that an
 * insert of many rows touches, for the case that the insert alone is undone. (https://sqlite.org/lang_conflict.html)
 */
function withoutUndo(text: string): string {
  return text.startsWith('insert into') ? `insert or fail into${text.slice('insert into'.length)}` : text
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)) as IterableIterator<unknown>,
  }
}
