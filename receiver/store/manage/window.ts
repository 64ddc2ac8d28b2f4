import { sql, type RawBuilder } from 'kysely'
import type { Queries } from '../db.ts'

/**
 * How many rows a page looks through at most, so that no combination of filters can take long: a page may be short, or
 * empty, and go on at its `next_cursor`.
 */
export const LOOKED_THROUGH = 1_000

/** The same where each row's whole text is searched. */
export const SEARCHED_THROUGH = 400

/** How far the order of acceptance and the clocks may differ, in ms: the exact time is compared besides. */
const SLACK_MS = 10 * 60_000

/** Which rows a page may lie between, by `seq`: both ends belong to it. Null: no bound. */
export interface Bounds {
  from: number | null
  to: number | null
}

/** Returns conditions joined by `and`. */
export function allOf(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, sql` and `)
}

/** Returns a condition that holds where a text has `q` in it, whatever the case. `q` is no pattern. */
export function contains(column: RawBuilder<unknown>, q: string): RawBuilder<unknown> {
  const pattern = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql`lower(${column}) like ${pattern} escape '\\'`
}

/** Returns between which events, by `seq`, those lie that were received in a span of time (Unix ms). */
export async function eventBounds(
  { db }: Queries,
  { since, until }: { since?: number | undefined; until?: number | undefined },
): Promise<Bounds> {
  const edge = async (status: string, at: number, newest: boolean) => {
    const [compare, order] = newest ? [sql`<`, sql`desc`] : [sql`>=`, sql`asc`]
    const { rows } = await sql<{ seq: number }>`select seq from events
      where status = ${status} and accepted_at ${compare} ${at} order by accepted_at ${order} limit 1`.execute(
      db,
    )
    return rows[0]?.seq ?? null
  }
  const both = async (at: number, newest: boolean) =>
    [await edge('matched', at, newest), await edge('unmatched', at, newest)].filter((seq) => seq !== null)
  const [from, to] = [
    since === undefined ? null : await both(since - SLACK_MS, false),
    until === undefined ? null : await both(until + SLACK_MS, true),
  ]
  return {
    from: from === null ? null : from.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...from),
    to: to === null ? null : Math.max(0, ...to),
  }
}

/** Returns between which deliveries, by `seq`, those lie whose events lie between these bounds. */
export async function deliveryBounds({ db }: Queries, { from, to }: Bounds): Promise<Bounds> {
  const edge = async (seq: number, newest: boolean) => {
    const [compare, order] = newest ? [sql`<=`, sql`desc`] : [sql`>=`, sql`asc`]
    const { rows } = await sql<{ low: number | null; high: number | null }>`
      select min(seq) as low, max(seq) as high from deliveries where event_id =
        (select id from events where status = 'matched' and seq ${compare} ${seq} order by seq ${order} limit 1)`.execute(
      db,
    )
    return rows[0] ?? { low: null, high: null }
  }
  return {
    from: from === null ? null : ((await edge(from, false)).low ?? Number.MAX_SAFE_INTEGER),
    to: to === null ? null : ((await edge(to, true)).high ?? 0),
  }
}

/** Returns the conditions that keep `seq` between bounds and before a cursor. */
export function within(
  seq: RawBuilder<unknown>,
  { from, to }: Bounds,
  cursor: string | undefined,
): RawBuilder<unknown>[] {
  return [
    ...(from === null ? [] : [sql`${seq} >= ${from}`]),
    ...(to === null ? [] : [sql`${seq} <= ${to}`]),
    ...(cursor === undefined ? [] : [sql`${seq} < ${readCursor(cursor)}`]),
  ]
}

function readCursor(cursor: string): number {
  const seq = Number(cursor)
  return Number.isSafeInteger(seq) ? seq : 0
}

/** A page of rows that were looked through: the matching ones, and how far was looked. */
export interface Looked {
  /** The `seq` of those that fit, newest first, at most one more than the page holds. */
  found: number[]
  /** The `seq` of the last row that was looked through, where there may be more behind it; else null. */
  last: number | null
}

/** Returns what a page shows, and where the next one goes on. */
export function pageOf({ found, last }: Looked, limit: number): { seqs: number[]; next: string | null } {
  const seqs = found.slice(0, limit)
  if (found.length > limit) return { seqs, next: String(seqs.at(-1)) }
  return { seqs, next: last === null ? null : String(last) }
}
