import type { Tx } from '../db.ts'
import type { AuditFilter, NewAuditEntry } from '../management-records.ts'
import { insertAudit, readAudit } from '../tables/audit.ts'
import type { Page } from '../views.ts'

/** Adds entries to the audit log. */
export async function addAudit(tx: Tx, { entries }: { entries: readonly NewAuditEntry[] }): Promise<void> {
  await insertAudit(tx, entries)
}

/** Returns a page of the audit log, newest first. */
export async function listAudit(tx: Tx, filter: AuditFilter): Promise<Page<NewAuditEntry & { seq: number }>> {
  const before = filter.cursor === undefined ? null : Number(filter.cursor)
  const rows = await readAudit(tx, { ...filter, limit: filter.limit + 1 }, before)
  const items = rows.slice(0, filter.limit)
  return { items, next_cursor: rows.length > filter.limit ? String(items.at(-1)?.seq) : null }
}
