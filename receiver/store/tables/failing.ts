import { sql } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import { statement, type Call } from '../statement.ts'
import { writeFactsOnce } from './facts.ts'

/** Whose deliveries go where. */
export interface Way {
  automation: string
  target: string
}

/** Returns the name of the fact that deliveries of an automation to a target fail. */
export const keyOf = ({ automation, target }: Way) => `failing:${automation}:${target}`

/** Notes that deliveries of these automations to these targets fail, and since when. */
export const noteFailing = ({ now }: Tx, ways: readonly Way[]): Call =>
  writeFactsOnce([...new Set(ways.map(keyOf))].sort().map((key) => ({ key, value: String(now) })))

/** Deletes notes from before `before`: the deliveries that failed then are past keeping. Returns how many went. */
export async function deleteFailing(
  { db }: Queries,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('facts')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('facts')
        .select('key')
        // All that begin with `failing:`, by the index.
        .where('key', '>=', 'failing:')
        .where('key', '<', 'failing;')
        .where(sql<number>`cast(value as bigint)`, '<', before)
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Notes that deliveries got through. Returns the keys (`keyOf`) of those before which others failed. */
export const noteRecovered = (ways: readonly Way[]): Call<{ key: string }> =>
  deleteFacts([...new Set(ways.map(keyOf))])

const deleteFacts = statement<{ key: string }>(
  'delete_facts',
  ({ isIn }) => `delete from facts where ${isIn('key', 1)} returning key`,
)
