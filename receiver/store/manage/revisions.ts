import type { Tx } from '../db.ts'
import type { Revision } from '../records.ts'
import { insertRevisions, readRevision } from '../tables/revisions.ts'

/** Keeps the texts of automations: see `Operations.saveRevisions`. */
export async function saveRevisions(
  tx: Tx,
  { revisions }: { revisions: readonly Revision[] },
): Promise<void> {
  await tx.batch([insertRevisions(tx, revisions)])
}

/** Returns the revision with this id, or null. */
export async function getRevision(tx: Tx, { id }: { id: string }): Promise<Revision | null> {
  return readRevision(tx, id)
}
