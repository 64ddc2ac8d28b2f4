import type { CompiledQuery, Insertable, InsertQueryBuilder, InsertResult } from 'kysely'
import type { Db } from '../db.ts'
import type { Tables } from '../schema.ts'

/** Rows per statement: few sizes, so that few texts are compiled and prepared. */
const SIZES = [64, 16, 4, 1] as const

type Row<T extends keyof Tables> = Insertable<Tables[T]> & Record<string, unknown>
type Finish<T extends keyof Tables, O> = (
  query: InsertQueryBuilder<Tables, T, InsertResult>,
) => InsertQueryBuilder<Tables, T, O>

/**
 * An insert of many rows whose SQL text is made once per size and then only filled in. `finish` adds what comes
 * after `values`: a conflict clause, `returning`. Every row must have the same keys in the same order.
 */
export function insertAll<T extends keyof Tables, O = InsertResult>(
  table: T,
  finish: Finish<T, O> = (query) => query as unknown as InsertQueryBuilder<Tables, T, O>,
): (db: Db, rows: readonly Row<T>[]) => Promise<O[]> {
  const texts = new Map<number, CompiledQuery>()
  return async (db, rows) => {
    const results: O[] = []
    for (let at = 0; at < rows.length;) {
      const size = SIZES.find((n) => n <= rows.length - at) ?? 1
      const part = rows.slice(at, at + size)
      let text = texts.get(size)
      if (text === undefined) {
        text = finish(db.insertInto(table).values(part)).compile()
        texts.set(size, text)
      }
      const query = { ...text, parameters: part.flatMap((row) => Object.values(row)) }
      const { rows: returned } = await db.executeQuery<O>(query)
      results.push(...returned)
      at += size
    }
    return results
  }
}
