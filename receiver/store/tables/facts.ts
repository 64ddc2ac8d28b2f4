import type { Queries } from '../db.ts'
import { inserting, type Call } from '../statement.ts'

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

/** Writes facts, but for those that were written before. */
export const writeFactsOnce: (facts: readonly { key: string; value: string }[]) => Call = inserting(
  'facts',
  { key: 'text', value: 'text' },
  { end: 'on conflict (key) do nothing' },
)
