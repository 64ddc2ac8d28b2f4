import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** The database, or a transaction in it. */
export type Db = Kysely<Tables>

/** What differs between the two engines; everything else is one set of queries. */
export interface Dialect {
  name: 'sqlite' | 'postgres'
  /** Column types of the migrations. */
  types: { sequence: string; integer: string; bytes: string; keyed: string }
  /** Makes everyone else who locks one of these models in `known` wait until the transaction of `db` ends. */
  lockKnown(db: Db, models: readonly number[]): Promise<void>
  /** Makes everyone else who locks these lanes wait until the transaction of `db` ends. See `Tx.lock`. */
  lockLanes(db: Db, lanes: readonly string[]): Promise<void>
  /**
   * The same for subjects, which have no row of their own. SQLite has one writer anyway; on PostgreSQL two replicas
   * could both take a new delivery for the first of its subject.
   */
  lockSubjects(db: Db, subjects: readonly string[]): Promise<void>
  /** Selects rows so that nobody else changes them until this transaction ends, waiting for who does. */
  locked<Q extends { forUpdate(): Q }>(query: Q): Q
  /** Selects rows so that no other replica works on them, leaving out those that another one holds. */
  skipLocked<Q extends { forUpdate(): Q; skipLocked(): Q }>(query: Q): Q
}

/** What a transaction must have to itself. */
export interface Locks {
  lanes: readonly string[]
  subjects: readonly string[]
}

/** One transaction of one operation: what all of its steps share. */
export interface Tx {
  readonly db: Db
  readonly dialect: Dialect
  /** The store's time, Unix ms. */
  readonly now: number
  /**
   * Waits for these lanes, then for these subjects, and holds them until the transaction ends. Called once in a
   * transaction, before any delivery is changed: so nobody waits in a circle.
   *
   * @throws Error when it is called again
   */
  lock(locks: Locks): Promise<void>
}

/** What a step needs that only reads and writes rows. */
export type Queries = Pick<Tx, 'db'>

/** Begins what the steps of one operation share, in a transaction that the caller has begun. */
export function createTx(db: Db, dialect: Dialect, now: number): Tx {
  let locked = false
  return {
    db,
    dialect,
    now,
    async lock({ lanes, subjects }) {
      if (locked) throw new Error('A transaction takes all of its locks in one call.')
      locked = true
      await dialect.lockLanes(db, unique(lanes))
      await dialect.lockSubjects(db, unique(subjects))
    },
  }
}

const unique = (names: readonly string[]) => [...new Set(names)]

/**
 * Another transaction changed what this one had read before it took its locks. Nothing is wrong: the same again will
 * do, so the driver runs the operation again.
 */
export class Interrupted extends Error {}
