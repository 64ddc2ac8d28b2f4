import type { Db } from '../db.ts'
import { insertAll } from './insert-all.ts'

/** What the store knows by name alone; null where it was never written. */
export async function readFact(db: Db, key: string): Promise<string | null> {
  const row = await db.selectFrom('facts').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value ?? null
}

export async function writeFact(db: Db, key: string, value: string): Promise<void> {
  await db
    .insertInto('facts')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** The same for many, but for those that were written before. */
export const writeFactsOnce = insertAll('facts', (query) =>
  query.onConflict((conflict) => conflict.column('key').doNothing()),
)
