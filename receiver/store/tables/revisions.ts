import { sql, type ExpressionBuilder } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { Revision } from '../records.ts'
import type { Tables } from '../schema.ts'
import { inserting, type Call } from '../statement.ts'

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]

/** Keeps revisions, and notes that they are in force: at most once an hour, since a write costs more than a look. */
export function insertRevisions({ now }: Tx, revisions: readonly Revision[]): Call {
  const each = new Map(revisions.map((revision) => [revision.id, revision]))
  return insertRows(
    [...each.values()].map(({ id, automation, spec }) => ({ id, automation, spec, noted_at: now })),
  )
}

const insertRows = inserting(
  'revisions',
  { id: 'text', automation: 'text', spec: 'text', noted_at: 'bigint' },
  {
    end: `on conflict (id) do update set noted_at = excluded.noted_at
      where revisions.noted_at < excluded.noted_at - ${HOUR_MS}`,
  },
)

/**
 * Deletes revisions that were last in force before `noted_before`, but for those whose automation still has a delivery
 * from that time: deliveries go by the text that they were made under. Returns how many went.
 */
export async function deleteRevisions(
  { db }: Queries,
  { noted_before, limit }: { noted_before: number; limit: number },
): Promise<number> {
  const old = await db
    .selectFrom('revisions')
    .select('id')
    .where('noted_at', '<', noted_before)
    .where((eb) => eb.not(eb.exists(deliveryOfThatTime(eb))))
    .limit(limit)
    .execute()
  if (old.length === 0) return 0
  const ids = old.map(({ id }) => id)
  const { numDeletedRows } = await db
    .deleteFrom('revisions')
    .where('id', 'in', ids)
    // Asked again: one may be in force once more.
    .where('noted_at', '<', noted_before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** The oldest delivery of the automation, where it is from the time when the revision was in force. */
const deliveryOfThatTime = (eb: ExpressionBuilder<Tables, 'revisions'>) =>
  eb
    .selectFrom('deliveries')
    .select('deliveries.id')
    .where('deliveries.seq', '=', (one) =>
      one
        .selectFrom('deliveries as oldest')
        .select(({ fn }) => fn.min('oldest.seq').as('seq'))
        .whereRef('oldest.automation', '=', 'revisions.automation'),
    )
    .where('deliveries.created_at', '<=', sql<number>`revisions.noted_at + ${sql.lit(DAY_MS)}`)

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
