import { sql } from 'kysely'
import type { Queries } from '../db.ts'
import { parse } from '../json-text.ts'
import type { ShownSubject, SourceEventSeen } from '../management-records.ts'
import { deliveriesOf } from './lists.ts'

/** How many of a source's latest events are looked at. */
const LATEST = 50
/** How many events are looked through for models, newest first. */
const LOOKED_THROUGH = 2_000

/** Returns the latest events of each source: see `Operations.sourceActivity`. */
export async function sourceActivity(
  { db }: Queries,
  { sources }: { sources: readonly string[] },
): Promise<Record<string, SourceEventSeen[]>> {
  const seen: [string, SourceEventSeen[]][] = []
  for (const source of sources) {
    const rows = await db
      .selectFrom('events')
      .select(['id', 'type', 'received_at', 'context'])
      .where('source', '=', source)
      .orderBy('seq', 'desc')
      .limit(LATEST)
      .execute()
    seen.push([source, rows.map(({ context, ...row }) => ({ ...row, verified_with: parse(context).secret }))])
  }
  return Object.fromEntries(seen)
}

/** Returns the models and aliases of the latest events: see `Operations.listSubjects`. */
export async function listSubjects(
  tx: Queries,
  { automations, limit }: { automations?: readonly string[] | undefined; limit: number },
): Promise<ShownSubject[]> {
  const own =
    automations === undefined
      ? sql`1 = 1`
      : sql`exists (select 1 from deliveries as d where d.event_id = e.id and d.automation in (${sql.join([...automations, ''])}))`
  const { rows } = await sql<Omit<ShownSubject, 'deliveries'>>`
    select g.source, g.model, g.alias, g.events, l.id as event_id, l.received_at, l.event from
      (select source, model, alias, count(*) as events, max(seq) as seq from
        (select seq, id, source, model, alias from events order by seq desc limit ${LOOKED_THROUGH}) as e
        where model is not null and ${own} group by source, model, alias) as g
      inner join events as l on l.seq = g.seq
    order by g.seq desc limit ${limit}`.execute(tx.db)
  const deliveries = await deliveriesOf(
    tx,
    rows.map(({ event_id }) => event_id),
  )
  return rows.map((row) => ({ ...row, deliveries: deliveries.get(row.event_id) ?? [] }))
}
