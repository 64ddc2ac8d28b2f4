import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import { statement, type Call, type Returned } from './statement.ts'

/** The database, or a transaction in it. */
export type Db = Kysely<Tables>

/** The differences between the two engines; everything else is one set of queries. */
export interface Dialect {
  name: 'sqlite' | 'postgres'
  /** Column types of the migrations. */
  types: { sequence: string; integer: string; bytes: string; keyed: string }
  /** Selects rows so that nobody else changes them until this transaction ends, waiting for who does. */
  locked<Q extends { forUpdate(): Q }>(query: Q): Q
  /** Selects rows so that no other replica works on them, leaving out those that another one holds. */
  skipLocked<Q extends { forUpdate(): Q; skipLocked(): Q }>(query: Q): Q
}

/** The locks of a transaction. */
export interface Locks {
  lanes: readonly string[]
  subjects: readonly string[]
  /** Models by the numbers under which they are known. */
  models?: readonly number[]
}

/** A transaction of one operation, shared by all of its steps. */
export interface Tx {
  readonly db: Db
  readonly dialect: Dialect
  /** The store's time, Unix ms. */
  readonly now: number
  /** Runs statements in their order, in one message to the server. Returns the rows of each. */
  batch<const T extends readonly Call[]>(calls: T): Promise<Returned<T>>
  /** The same for the last statements of a transaction: the commit goes along, and nothing may follow. */
  finish<const T extends readonly Call[]>(calls: T): Promise<Returned<T>>
  /**
   * Waits for these lanes, then for these subjects and models, and holds them until the transaction ends. Called once
   * in a transaction, before any delivery is changed: so nobody waits in a circle.
   *
   * @throws Error when it is called again
   */
  lock(locks: Locks): Promise<void>
  /** The same for subjects and models alone, as a statement of a batch: the ones after it see what is there then. */
  locking(locks: Omit<Locks, 'lanes'>): Call
}

/** The part of a transaction that a step needs to read and write rows. */
export type Queries = Pick<Tx, 'db'>

/** A transaction that a driver has begun. */
export interface Begun {
  db: Db
  batch: (calls: readonly Call[]) => Promise<unknown[][]>
  /** Where the commit is worth no message of its own: commits with these. */
  finish?: (calls: readonly Call[]) => Promise<unknown[][]>
  now: number
}

/** Begins what the steps of one operation share, in a transaction that the caller has begun. */
export function createTx({ db, batch, finish = batch, now }: Begun, dialect: Dialect): Tx {
  let locked = false
  const locking = ({ subjects, models = [] }: Omit<Locks, 'lanes'>) => {
    if (locked) throw new Error('A transaction takes all of its locks in one call.')
    locked = true
    return lockKeys(unique([...subjects.map(lockKey), ...models.map((model) => BigInt(-model))]))
  }
  return {
    db,
    dialect,
    now,
    batch: (calls) => batch(calls) as never,
    finish: (calls) => finish(calls) as never,
    locking,
    async lock({ lanes, ...keys }) {
      await batch([lockLanes(unique(lanes)), locking(keys)])
    },
  }
}

/*
 * SQLite has one writer, which needs no locks. On PostgreSQL two replicas could both take a new delivery for the first
 * of its subject. Each kind is locked in one order for all: two replicas then never wait for each other in turn.
 */
const lockLanes = statement(
  'lock_lanes',
  ({ isIn }) => `select lane from lanes where ${isIn('lane', 1)} order by lane for update`,
  { only: true },
)

/** Subjects and models have no row of their own. A statement that reads keeps its view from before it waited. */
const lockRows = statement(
  'lock_keys',
  () => 'select pg_advisory_xact_lock(key::bigint) from json_array_elements_text($1::json) as key',
  { only: true },
)
const lockKeys = (keys: readonly bigint[]) =>
  lockRows(keys.toSorted((one, other) => (one < other ? -1 : 1)).map(String))

/** Advisory locks are numbers: the first 60 bits of the subject, which is a hash already. Those of models lie below 0. */
const lockKey = (subject: string) => BigInt(`0x${subject.slice(0, 15).replace(/[^0-9a-f]/g, '0') || '0'}`)

const unique = <T>(names: readonly T[]) => [...new Set(names)]

/**
 * Another transaction changed what this one had read before it took its locks. Nothing is wrong: the same again will
 * do, so the driver runs the operation again.
 */
export class Interrupted extends Error {}
