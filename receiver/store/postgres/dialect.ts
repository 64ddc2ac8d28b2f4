import type { Dialect } from '../db.ts'

/** PostgreSQL: several replicas at once, so what must not interleave is locked. */
export const POSTGRES: Dialect = {
  name: 'postgres',
  types: { sequence: 'bigserial primary key', integer: 'bigint', bytes: 'bytea', keyed: '' },
  locked: (query) => query.forUpdate(),
  skipLocked: (query) => query.forUpdate().skipLocked(),
}
