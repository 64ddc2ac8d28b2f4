import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

export type Db = Kysely<Tables>

/** What differs between the two engines; everything else is one set of queries. */
export interface Flavor {
  name: 'sqlite' | 'postgres'
  /** Column types of the migrations. */
  types: { sequence: string; integer: string; bytes: string; keyed: string }
  /**
   * Makes everyone else who touches these subjects wait until this transaction ends. SQLite has one writer
   * anyway; on PostgreSQL two replicas could both take a new delivery for the first of its subject.
   */
  lockSubjects(db: Db, subjects: readonly string[]): Promise<void>
  /**
   * The same for lanes. Whoever takes both takes all lanes first, then all subjects, each in one call, and only then
   * changes deliveries: so nobody waits in a circle.
   */
  lockLanes(db: Db, lanes: readonly string[]): Promise<void>
  /** Selects rows so that nobody else changes them until this transaction ends, waiting for who does. */
  locked<Q extends { forUpdate(): Q }>(query: Q): Q
  /** Selects rows so that no other replica works on them, leaving out those that another one holds. */
  skipLocked<Q extends { forUpdate(): Q; skipLocked(): Q }>(query: Q): Q
}
