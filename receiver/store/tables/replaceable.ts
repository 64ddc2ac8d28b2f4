import { sql } from 'kysely'

/**
 * The condition of a delivery that a newer event of its slot supersedes, by its own `supersede`: under `waiting` always,
 * under `retrying` once an attempt has failed, under `never` not at all; what is under way never is.
 */
export const REPLACEABLE_TEXT = `deliveries.status = 'pending'
  and (deliveries.supersede = 'waiting' or (deliveries.supersede = 'retrying' and deliveries.counted_attempts > 0))`
/** The same in a query of Kysely. */
export const REPLACEABLE = sql.raw<boolean>(REPLACEABLE_TEXT)
