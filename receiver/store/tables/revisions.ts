import type { Queries, Tx } from '../db.ts'
import type { Revision } from '../records.ts'
import { inserting, type Call } from '../statement.ts'

/** Inserts the revisions that are not kept yet. */
export const insertRevisions = ({ now }: Tx, revisions: readonly Revision[]): Call =>
  insertRows(revisions.map(({ id, automation, spec }) => ({ id, automation, spec, created_at: now })))

const insertRows = inserting(
  'revisions',
  { id: 'text', automation: 'text', spec: 'text', created_at: 'bigint' },
  { end: 'on conflict (id) do nothing' },
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
