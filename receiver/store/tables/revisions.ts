import type { Queries, Tx } from '../db.ts'
import type { Revision } from '../records.ts'
import { insertAll } from './insert-all.ts'

/** Inserts the revisions that are not kept yet. */
export async function insertRevisions({ db, now }: Tx, revisions: readonly Revision[]): Promise<void> {
  await insertRows(
    db,
    revisions.map(({ id, automation, spec }) => ({ id, automation, spec, created_at: now })),
  )
}

const insertRows = insertAll('revisions', (query) =>
  query.onConflict((conflict) => conflict.column('id').doNothing()),
)

/** Returns the revision with this id, or null. */
export async function readRevision({ db }: Queries, id: string): Promise<Revision | null> {
  const row = await db
    .selectFrom('revisions')
    .select(['id', 'automation', 'spec'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? null
}

/** Returns the names of all automations that have a revision, by name. */
export async function readAutomationNames({ db }: Queries): Promise<string[]> {
  const rows = await db
    .selectFrom('revisions')
    .select('automation')
    .distinct()
    .orderBy('automation')
    .execute()
  return rows.map(({ automation }) => automation)
}
