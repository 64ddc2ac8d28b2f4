import type { Db } from '../db.ts'
import type { Revision } from '../records.ts'
import { insertAll } from '../tables/insert-all.ts'

/** Notes the texts of automations, so that every delivery can find the one it was made under. */
export async function saveRevisions(
  db: Db,
  { revisions, now }: { revisions: readonly Revision[]; now: number },
): Promise<void> {
  await insertRevisions(
    db,
    revisions.map(({ id, automation, spec }) => ({ id, automation, spec, created_at: now })),
  )
}

const insertRevisions = insertAll('revisions', (query) =>
  query.onConflict((conflict) => conflict.column('id').doNothing()),
)

/** The revision with this id, or null. */
export async function getRevision(db: Db, { id }: { id: string }): Promise<Revision | null> {
  const row = await db
    .selectFrom('revisions')
    .select(['id', 'automation', 'spec'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? null
}
