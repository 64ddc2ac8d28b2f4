import { sql, type RawBuilder } from 'kysely'

/**
 * States as literals, not parameters: SQLite uses a partial index only where the text of the query implies the
 * text of the index (https://www.sqlite.org/partialindex.html#queries_using_partial_indexes).
 */
const literal = <T>(value: T): RawBuilder<T> => sql.lit(value)

export const PENDING = literal('pending' as const)
export const DELIVERING = literal('delivering' as const)
export const SUCCEEDED = literal('succeeded' as const)
/** For the columns `head` and `ordered`. */
export const YES = literal(1)
export const NO = literal(0)

/** The deliveries that still have something to happen. */
export const UNFINISHED = sql<boolean>`deliveries.status in ('pending', 'delivering')`

/** Those that give way to a newer delivery of their subject, by their own `supersede`. */
export const REPLACEABLE = sql<boolean>`deliveries.status = 'pending'
  and (deliveries.supersede = 'waiting' or (deliveries.supersede = 'retrying' and deliveries.attempts > 0))`
