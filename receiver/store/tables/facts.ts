import type { Queries } from '../db.ts'
import { insertAll } from './insert-all.ts'

/** Returns what the store knows by this name alone; null where it was never written. */
export async function readFact({ db }: Queries, key: string): Promise<string | null> {
  const row = await db.selectFrom('facts').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value ?? null
}

/** Writes what the store knows by this name alone. */
export async function writeFact({ db }: Queries, key: string, value: string): Promise<void> {
  await db
    .insertInto('facts')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

const insertFacts = insertAll('facts', (query) =>
  query.onConflict((conflict) => conflict.column('key').doNothing()),
)

/** Writes facts, but for those that were written before. */
export async function writeFactsOnce(
  { db }: Queries,
  facts: readonly { key: string; value: string }[],
): Promise<void> {
  await insertFacts(db, facts)
}

/** Deletes a fact. Returns whether it was there. */
export async function deleteFact({ db }: Queries, key: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('facts').where('key', '=', key).executeTakeFirst()
  return numDeletedRows > 0n
}
