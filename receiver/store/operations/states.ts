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

/** The deliveries that still have something to happen. */
export const UNFINISHED = sql<boolean>`deliveries.status in ('pending', 'delivering')`
