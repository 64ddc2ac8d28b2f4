import { hash } from 'node:crypto'
import { sql } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import { readFact, writeFact } from './facts.ts'
import { insertAll } from './insert-all.ts'

/**
 * What is remembered of models: the last request, the hashes of bodies, who holds which alias or stage, and the ids of
 * deliveries, all in one table. The rows of one model lie side by side, so that an event about it touches one page.
 */
export interface Known {
  /** For `last`: what a request must equal. For a holder: the version, or null. Else null. */
  value: string | null
  event_id: string
  /** How long it counts, Unix ms. */
  until: number
}

/** Where something is remembered. Both are the first 52 bits of a hash: exact in every number of JavaScript. */
export interface KnownKey {
  /** The model, or the delivery id where a sender has one. */
  model: number
  what: number
}

/** One of them with its key. */
export type KnownRow = KnownKey & Known

const HEX_OF_52_BITS = 13

/** Returns the number by which a text is known. */
export function knownNumber(text: string): number {
  return parseInt(hash('sha256', text, 'hex').slice(0, HEX_OF_52_BITS), 16)
}

/** Returns one text for a key, for maps. */
export const textOf = ({ model, what }: KnownKey): string => `${model}:${what}`

/** Returns what is remembered under these keys, by `textOf`. What does not count any more may be among it. */
export async function readKnown(tx: Tx, keys: readonly KnownKey[]): Promise<Map<string, Known>> {
  if (keys.length === 0) return new Map()
  const pairs = JSON.stringify(keys.map(({ model, what }) => [model, what]))
  const given =
    tx.dialect.name === 'sqlite'
      ? sql`select value ->> 0 as model, value ->> 1 as what from json_each(${pairs})`
      : sql`select (value ->> 0)::bigint as model, (value ->> 1)::bigint as what from json_array_elements(${pairs}::json)`
  // The keys lead: SQLite then looks each of them up, and reads no more than these rows.
  const { rows } = await sql<KnownKey & { value: string | null; event_id: Uint8Array; until: number }>`
    select known.model, known.what, known.value, known.event_id, known.until
    from (${given}) as given cross join known
    where known.model = given.model and known.what = given.what`.execute(tx.db)
  return new Map(rows.map(({ event_id, ...row }) => [textOf(row), { ...row, event_id: unpacked(event_id) }]))
}

/** Writes what is remembered from now on. */
export async function writeKnown({ db }: Queries, rows: readonly KnownRow[]): Promise<void> {
  await upsert(
    db,
    rows
      .map(({ model, what, value, event_id, until }) => ({
        model,
        what,
        value,
        event_id: packed(event_id),
        until,
      }))
      // In the order of the tree, which is also one order for all replicas.
      .sort((a, b) => a.model - b.model || a.what - b.what),
  )
}

const upsert = insertAll('known', (query) =>
  query.onConflict((conflict) =>
    conflict.columns(['model', 'what']).doUpdateSet((eb) => ({
      value: eb.ref('excluded.value'),
      event_id: eb.ref('excluded.event_id'),
      until: eb.ref('excluded.until'),
    })),
  ),
)

/** An id of ours is its hexadecimal digits: half as long as bytes. Any other is kept as its text. */
const OURS = /^evt_([0-9a-f]{30})$/
const PREFIX = Buffer.from('evt_')

function packed(id: string): Uint8Array {
  const [, digits] = OURS.exec(id) ?? []
  return digits === undefined ? Buffer.from(id) : Buffer.from(digits, 'hex')
}

/** Ids of ours begin with the time, whose first byte is that of no letter for some thousand years. */
function unpacked(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes)
  return buffer.subarray(0, PREFIX.length).equals(PREFIX)
    ? buffer.toString()
    : `evt_${buffer.toString('hex')}`
}

/** Rows that one step of the walk looks at. */
const STEP = 2_000
/** The fact that holds how far the walk has come: a model's number. */
const WALKED = 'known-walked-to'

/**
 * Deletes what does not count any more among the next rows of the walk through all that is remembered, and notes how far
 * the walk has come. Walking needs no index by age, which would cost each event a page. Returns whether rows are left
 * before the end of the walk; after it the next step begins anew.
 */
export async function sweepKnown(tx: Tx): Promise<boolean> {
  const { db, now } = tx
  const from = Number((await readFact(tx, WALKED)) ?? -1)
  const rows = await db
    .selectFrom('known')
    .select(['model', 'until'])
    .where('model', '>', from)
    .orderBy('model')
    .orderBy('what')
    .limit(STEP)
    .execute()
  const last = rows.at(-1)
  if (last === undefined) {
    if (from >= 0) await writeFact(tx, WALKED, '-1')
    return false
  }
  if (rows.some(({ until }) => until < now)) {
    const within = db.deleteFrom('known').where('model', '>', from).where('model', '<=', last.model)
    await within.where('until', '<', now).execute()
  }
  await writeFact(tx, WALKED, String(last.model))
  return rows.length === STEP
}
