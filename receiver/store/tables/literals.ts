import { sql, type RawBuilder } from 'kysely'

/**
 * States as literals, not parameters: SQLite uses a partial index only where the text of the query implies the
 * text of the index (https://www.sqlite.org/partialindex.html#queries_using_partial_indexes).
 */
const literal = <T>(value: T): RawBuilder<T> => sql.lit(value)

/** For the column `status`. */
export const PENDING = literal('pending' as const)
/** For the column `status`. */
export const DELIVERING = literal('delivering' as const)
/** For the columns `head` and `ordered`. */
export const YES = literal(1)
/** For the columns `head` and `ordered`. */
export const NO = literal(0)

/** The condition of a delivery that is pending or delivering. */
export const UNFINISHED = sql<boolean>`deliveries.status in ('pending', 'delivering')`
