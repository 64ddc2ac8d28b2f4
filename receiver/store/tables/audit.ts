import type { Queries, Tx } from '../db.ts'
import type { AuditFilter, NewAuditEntry } from '../management-records.ts'
import { inserting } from '../statement.ts'

/** Adds entries to the audit log. */
export async function insertAudit(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
  await tx.batch([
    insertRows(
      entries.map(({ at, actor, address, action, target, automation, details }) => ({
        ...{ at, actor, address, action, target, automation, details },
      })),
    ),
  ])
}

const insertRows = inserting('audit', {
  at: 'bigint',
  actor: 'text',
  address: 'text',
  action: 'text',
  target: 'text',
  automation: 'text',
  details: 'text',
})

/** Returns entries of the audit log, newest first: those behind `before`, or the newest. */
export async function readAudit(
  { db }: Queries,
  { actor, action, target, automations, since, until, limit }: AuditFilter,
  before: number | null,
): Promise<(NewAuditEntry & { seq: number })[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(limit)
  if (before !== null) query = query.where('seq', '<', before)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (action !== undefined) query = query.where('action', '=', action)
  if (target !== undefined) query = query.where('target', '=', target)
  if (automations !== undefined) query = query.where('automation', 'in', [...automations, ''])
  if (since !== undefined) query = query.where('at', '>=', since)
  if (until !== undefined) query = query.where('at', '<', until)
  return query.execute()
}

/** Deletes up to `limit` entries from before a time (Unix ms). Returns how many. */
export async function deleteAudit(
  { db }: Queries,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('audit')
    .where('seq', 'in', (eb) =>
      eb.selectFrom('audit').select('seq').where('at', '<', before).orderBy('at').limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
