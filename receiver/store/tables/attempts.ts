import { sql, type Selectable } from 'kysely'
import type { Queries } from '../db.ts'
import type { Tables } from '../schema.ts'
import { inserting, type Call } from '../statement.ts'
import { LISTED_ATTEMPTS, type AttemptSummary } from '../views.ts'

/** An attempt to be kept. */
export type NewAttempt = Selectable<Tables['attempts']>

/** Inserts attempts, numbered by their delivery's `attempts`. */
export const insertAttempts: (attempts: readonly NewAttempt[]) => Call = inserting('attempts', {
  delivery_id: 'text',
  number: 'bigint',
  at: 'bigint',
  duration_ms: 'bigint',
  status: 'bigint',
  class: 'text',
  error: 'text',
  request: 'text',
  response: 'text',
})

/** Deletes the attempts of these deliveries. */
export async function deleteAttempts({ db }: Queries, deliveries: readonly string[]): Promise<void> {
  await db.deleteFrom('attempts').where('delivery_id', 'in', deliveries).execute()
}

/**
 * Returns the latest attempts of all deliveries that `column` names, by delivery and oldest first. Attempts are numbered
 * by the delivery's `attempts`, so none but these are read.
 */
export async function latestAttempts(
  { db }: Queries,
  column: 'deliveries.id' | 'deliveries.event_id',
  values: readonly string[],
): Promise<Map<string, AttemptSummary[]>> {
  if (values.length === 0) return new Map()
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('attempts', (join) =>
      join
        .onRef('attempts.delivery_id', '=', 'deliveries.id')
        .on('attempts.number', '>', sql<number>`deliveries.attempts - ${sql.lit(LISTED_ATTEMPTS)}`),
    )
    .select([
      'attempts.delivery_id',
      'attempts.at',
      'attempts.duration_ms',
      'attempts.status',
      'attempts.class',
      'attempts.error',
    ])
    .where(column, 'in', values)
    .orderBy('attempts.delivery_id')
    .orderBy('attempts.number')
    .execute()
  const found = new Map<string, AttemptSummary[]>()
  for (const { delivery_id, ...attempt } of rows) {
    const log = found.get(delivery_id)
    if (log === undefined) found.set(delivery_id, [attempt])
    else log.push(attempt)
  }
  return found
}
