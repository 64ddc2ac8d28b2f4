import { sql } from 'kysely'
import type { Db } from '../flavor.ts'

/** How long a measurement of the server's clock counts, ms. */
const FRESH_MS = 10_000

/**
 * Leases and paces must go by one clock for all replicas: the server's. Its distance from ours is measured now and
 * then, and every operation's `now` is moved by it.
 */
export function clockSkew(db: Db): { apply(args: unknown): Promise<unknown> } {
  let skew = 0
  let measured = -Infinity
  return {
    async apply(args) {
      if (typeof args !== 'object' || args === null || !('now' in args) || typeof args.now !== 'number')
        return args
      if (performance.now() - measured > FRESH_MS) {
        const query = sql<{
          now: number
        }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`
        const { rows } = await query.execute(db)
        skew = (rows[0]?.now ?? args.now) - args.now
        measured = performance.now()
      }
      return { ...args, now: args.now + skew }
    },
  }
}
