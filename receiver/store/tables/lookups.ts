/**
 * Events that wait for a look-up. Of one model, the oldest is asked about; the others are `parked` (`due_at` is null)
 * once somebody finds that they are not the oldest, and the end of the one before brings the next one back.
 */
import { sql, type Selectable } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { LookupsTable } from '../schema.ts'
import { inserting } from '../statement.ts'

/** A look-up as it is kept. */
export type LookupRow = Selectable<LookupsTable>

/** The condition of a row that is not parked: the text of the indexes. */
const IS_NEXT = sql<boolean>`lookups.due_at is not null`

/** Inserts events that wait, behind the events themselves. Each is due until it is found to be behind another one. */
export const insertLookups = inserting(
  'lookups',
  {
    event_id: 'text',
    seq: 'bigint',
    source: 'text',
    home: 'text',
    required: 'bigint',
    force: 'bigint',
    tries: 'bigint',
    accepted_at: 'bigint',
    due_at: 'bigint',
    give_up_at: 'bigint',
  },
  { values: { seq: '(select seq from events where events.id = r.event_id)' } },
)

/** Returns whether anything waits. */
export async function hasLookups({ db }: Queries): Promise<boolean> {
  return (await db.selectFrom('lookups').select('event_id').limit(1).executeTakeFirst()) !== undefined
}

/** Returns those of these events that are still under the lease that is given for them, and holds them. */
export async function leasedLookups(
  { db, dialect }: Tx,
  leases: ReadonlyMap<string, string>,
): Promise<Map<string, LookupRow>> {
  if (leases.size === 0) return new Map()
  const query = db
    .selectFrom('lookups')
    .selectAll()
    .where('event_id', 'in', [...leases.keys()])
    .orderBy('event_id')
  const rows = await dialect.locked(query).execute()
  return new Map(
    rows.filter(({ event_id, lease }) => leases.get(event_id) === lease).map((row) => [row.event_id, row]),
  )
}

/** Puts a look-up off; never past the time when asking ends. */
export async function putOff(
  { db, now }: Tx,
  { event_id, give_up_at, tries }: LookupRow,
  { wait_ms, error }: { wait_ms: number; error: string | null },
): Promise<void> {
  const due_at = Math.max(now, Math.min(now + Math.ceil(wait_ms), give_up_at))
  await db
    .updateTable('lookups')
    .set({ due_at, error, lease: null, tries: tries + 1 })
    .where('event_id', '=', event_id)
    .execute()
}

/** Deletes look-ups that are over, and makes the next event of each of their models due. */
export async function endLookups({ db, now }: Tx, rows: readonly LookupRow[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .deleteFrom('lookups')
    .where(
      'event_id',
      'in',
      rows.map(({ event_id }) => event_id),
    )
    .execute()
  for (const home of new Set(rows.map((row) => row.home))) {
    await db
      .updateTable('lookups')
      .set({ due_at: now })
      .where('event_id', 'in', (eb) =>
        eb.selectFrom('lookups').select('event_id').where('home', '=', home).orderBy('seq').limit(1),
      )
      .execute()
  }
}

/** Which look-ups are wanted. */
export type Due = { source: string } | 'overdue'

/** Returns up to `limit` look-ups that are due and whose row nobody holds, the longest due first, and holds them. */
export async function dueLookups({ db, dialect, now }: Tx, due: Due, limit: number): Promise<LookupRow[]> {
  const query = db.selectFrom('lookups').selectAll().where(IS_NEXT).where('due_at', '<=', now).limit(limit)
  const wanted =
    due === 'overdue'
      ? query.where('give_up_at', '<=', now).orderBy('give_up_at')
      : query.where('source', '=', due.source).orderBy('due_at')
  return dialect.skipLocked(wanted).execute()
}

/** Parks those of these look-ups that an older one of their model comes before. Returns the others. */
export async function parkBehind({ db }: Queries, rows: readonly LookupRow[]): Promise<LookupRow[]> {
  if (rows.length === 0) return []
  const homes = [...new Set(rows.map(({ home }) => home))]
  const oldest = await db
    .selectFrom('lookups')
    .select(['home', ({ fn }) => fn.min('seq').as('seq')])
    .where('home', 'in', homes)
    .groupBy('home')
    .execute()
  const first = new Map(oldest.map(({ home, seq }) => [home, seq]))
  const behind = rows.filter(({ home, seq }) => (first.get(home) ?? seq) < seq)
  if (behind.length > 0) {
    await db
      .updateTable('lookups')
      .set({ due_at: null })
      .where(
        'event_id',
        'in',
        behind.map(({ event_id }) => event_id),
      )
      .execute()
  }
  return rows.filter((row) => !behind.includes(row))
}

/** Leases look-ups until `until`: they are due again then. */
export async function leaseLookups(
  { db }: Queries,
  rows: readonly LookupRow[],
  { lease, until }: { lease: string; until: number },
): Promise<void> {
  if (rows.length === 0) return
  await db
    .updateTable('lookups')
    .set({ lease, due_at: until })
    .where(
      'event_id',
      'in',
      rows.map(({ event_id }) => event_id),
    )
    .execute()
}

/** Returns when the next look-up falls due that is not due yet; null when none does. */
export async function nextLookup({ db, now }: Tx): Promise<number | null> {
  const row = await db
    .selectFrom('lookups')
    .select('due_at')
    .where(IS_NEXT)
    .where('due_at', '>', now)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return row?.due_at ?? null
}

/** Makes look-ups due now that are due later than `after`: no schedule reaches that far. */
export async function bringLookupsForward({ db, now }: Tx, after: number): Promise<void> {
  await db.updateTable('lookups').set({ due_at: now }).where(IS_NEXT).where('due_at', '>', after).execute()
}
