import { sql, type Insertable } from 'kysely'
import type { Queries } from '../db.ts'
import type { Tables } from '../schema.ts'
import { LISTED_ATTEMPTS, type AttemptSummary } from '../views.ts'
import { insertAll } from './insert-all.ts'

/** One attempt to be kept. */
export type NewAttempt = Insertable<Tables['attempts']>

/** Inserts attempts, numbered by their delivery's `attempts`. */
export async function insertAttempts({ db }: Queries, attempts: readonly NewAttempt[]): Promise<void> {
  await insertRows(
    db,
    attempts.map((attempt) => ({
      delivery_id: attempt.delivery_id,
      number: attempt.number,
      at: attempt.at,
      duration_ms: attempt.duration_ms,
      status: attempt.status ?? null,
      class: attempt.class,
      error: attempt.error ?? null,
      request: attempt.request,
      response: attempt.response ?? null,
    })),
  )
}

const insertRows = insertAll('attempts')

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
