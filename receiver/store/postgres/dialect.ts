import { sql } from 'kysely'
import type { Dialect } from '../db.ts'

/** PostgreSQL: several replicas at once, so what must not interleave is locked. */
export const POSTGRES: Dialect = {
  name: 'postgres',
  types: { sequence: 'bigserial primary key', integer: 'bigint', bytes: 'bytea', keyed: '' },
  async lockSubjects(db, subjects) {
    const keys = subjects.map(lockKey).sort((a, b) => (a < b ? -1 : 1))
    if (keys.length === 0) return
    await sql`select pg_advisory_xact_lock(key) from unnest(${keys.map(String)}::bigint[]) as key`.execute(db)
  },
  async lockKnown(db, models) {
    // Below zero, where no subject is.
    const keys = [...new Set(models)].sort((a, b) => a - b).map((model) => String(-model))
    if (keys.length === 0) return
    await sql`select pg_advisory_xact_lock(key) from unnest(${keys}::bigint[]) as key`.execute(db)
  },
  async lockLanes(db, lanes) {
    if (lanes.length === 0) return
    await db
      .selectFrom('lanes')
      .select('lane')
      .where('lane', 'in', lanes)
      .orderBy('lane')
      .forUpdate()
      .execute()
  },
  locked: (query) => query.forUpdate(),
  skipLocked: (query) => query.forUpdate().skipLocked(),
}

/** Advisory locks are numbers: the first 60 bits of the subject, which is a hash already. */
const lockKey = (subject: string) => BigInt(`0x${subject.slice(0, 15).replace(/[^0-9a-f]/g, '0') || '0'}`)
