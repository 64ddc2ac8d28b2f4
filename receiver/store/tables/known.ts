import { hash } from 'node:crypto'
import type { Tx } from '../db.ts'
import type { NewEvent } from '../records.ts'
import { inserting, overRows } from '../statement.ts'
import { readFact, writeFact } from './facts.ts'
import { idBytes, idOf, lastBytes, lastOf } from './known-values.ts'

/** How long a body is kept to recognise repeats, in ms. */
const REPEATS_KEPT_MS = 400 * 86_400_000

/**
 * Remembers a model in rows that lie side by side. `what` tells them apart:
 *   an identity   a delivery id, or which request came last: the event, and the request's value
 *   a body        the event that brought it first
 *   a holder      the version that holds an alias or a stage: kept as long as anything else of the model
 * A body that came last, and only then, has no row of its own: the identity says it all. So most models take two rows.
 */
export interface KnownRow {
  model: number
  what: number
  value: Uint8Array
  /** When the row may go, in ms; null: when nothing else is known of the model. */
  until: number | null
}

/** Where all that concerns an event is looked up. */
export interface Keys {
  model: number
  identity: KnownKey
  body: KnownKey | null
  /** The row that stands for the body that came last of its model; null where there is none. */
  last: KnownKey | null
  holder: KnownKey | null
  /** Whether that row is the identity's. */
  merged: boolean
}

/** Where a row lies. */
export type KnownKey = Readonly<{ model: number; what: number }>

/** Returns the keys of an event. */
export function keysOf({
  source,
  home,
  identity,
  holder,
}: Pick<NewEvent, 'source' | 'home' | 'identity' | 'holder'>): Keys {
  const { rule, key, value, body_hash } = identity
  const model = modelOf(source, home ?? key)
  const place = (text: string) => (home === null ? modelOf(source, text) : model)
  return {
    model,
    identity: rule === 'delivery' ? deliveryKey(source, key) : { model, what: numberOf(key) },
    body: body_hash === null ? null : { model: place(body_hash), what: numberOf(body_hash) },
    holder: holder === null ? null : { model: place(holder.key), what: numberOf(holder.key) },
    last: home === null || body_hash === null ? null : { model, what: numberOf(home) },
    merged: home === key && rule === 'last' && body_hash === value,
  }
}

/** Returns every place that the keys name. */
export const placesOf = ({ identity, body, last, holder, merged }: Keys): KnownKey[] =>
  [identity, body, merged ? null : last, holder].filter((key) => key !== null)

/** Returns the number under which a model of a source is known; its lock has the same. */
export const modelOf = (source: string, home: string): number => numberOf(sha256(`${source}\n${home}`))

/** A delivery id lies by itself: it can be asked for without its body. */
const deliveryKey = (source: string, key: string): KnownKey => ({
  model: modelOf(source, `delivery ${key}`),
  what: 0,
})

const sha256 = (text: string) => hash('sha256', text, 'hex')
const HASH = /^[0-9a-f]{64}$/

/** The first 47 bits of a hash: as many as SQLite keeps in 6 bytes. */
const numberOf = (text: string): number =>
  parseInt((HASH.test(text) ? text : sha256(text)).slice(0, 12), 16) % 2 ** 47

/** Tells whether an event is the same as an earlier one, or new. */
export type Seen =
  { duplicate_of: string } | { duplicate_of: null; repeat_of: string | null; previous_version: string | null }

/** The known rows by place, as they will be written. */
type State = Map<string, KnownRow>

const placeOf = ({ model, what }: KnownKey): KnownKey => ({ model, what })
const nameOf = ({ model, what }: KnownKey) => `${model} ${what}`

/**
 * Decides for each event of a group, in order, whether it was seen before, whom it repeats, and who held its alias
 * before. `known` are the rows of `placesOf` all of its keys. Returns that, and the rows to be written, by key.
 */
export function decide(
  events: readonly { event: NewEvent; keys: Keys }[],
  known: readonly KnownRow[],
  now: number,
): { seen: Seen[]; writes: KnownRow[] } {
  const memory = remember(known)
  const seen = events.map(({ event, keys }) => decideOne(event, { keys, now, ...memory }))
  return { seen, writes: memory.writes() }
}

interface Decision {
  keys: Keys
  now: number
  get: (key: KnownKey) => KnownRow | undefined
  set: (key: KnownKey, value: Uint8Array, until: number | null) => void
}

/** Returns `known` as a memory that can be changed; `writes` are the rows that were set, by key. */
function remember(known: readonly KnownRow[]): Pick<Decision, 'get' | 'set'> & { writes: () => KnownRow[] } {
  const state: State = new Map(known.map((row) => [nameOf(row), row]))
  const written: State = new Map()
  return {
    get: (key) => state.get(nameOf(key)),
    set(key, value, until) {
      const row = { ...key, value, until }
      state.set(nameOf(key), row)
      written.set(nameOf(key), row)
    },
    writes: () => [...written.values()].sort((a, b) => a.model - b.model || a.what - b.what),
  }
}

function decideOne(
  { id, identity, refuse_repeats, holder }: NewEvent,
  { keys, now, get, set }: Decision,
): Seen {
  const before = get(keys.identity)
  const value = numberOf(identity.value)
  const last = before === undefined ? null : lastOf(before.value)
  const kept_ms = keys.merged ? REPEATS_KEPT_MS : identity.window_ms
  const isSame = last?.value === value
  const until = before?.until ?? -Infinity
  const window_until = keys.merged ? until - REPEATS_KEPT_MS + identity.window_ms : until
  // A longer window than the request's own was noted under a clock that was ahead.
  const isWithin = window_until > now && window_until <= now + identity.window_ms
  if (isSame && isWithin) return { duplicate_of: last.event_id }

  const isLive = (row: KnownRow | undefined): row is KnownRow =>
    row !== undefined && (row.until ?? Infinity) > now
  const row = keys.body === null ? undefined : get(keys.body)
  const newest = keys.last === null ? undefined : get(keys.last)
  const own = isLive(newest) && lastOf(newest.value).value === keys.body?.what ? lastOf(newest.value) : null
  const repeated = isLive(row) ? idOf(row.value) : (own?.event_id ?? null)
  const isRefused = refuse_repeats && repeated !== null
  const event_id = isRefused ? repeated : id
  // The last body, until now noted in the identity's row alone, needs a row of its own.
  const isOver = own === null || !isRefused
  if (keys.merged && last !== null && !last.noted && isLive(before) && isOver)
    set({ model: keys.model, what: last.value }, idBytes(last.event_id), before.until)
  const noted = keys.merged && repeated !== null && !(isRefused && own?.noted === false)
  set(keys.identity, lastBytes({ value, event_id, noted }), now + kept_ms)
  if (isRefused) return { duplicate_of: event_id }
  if (keys.body !== null && !keys.merged && repeated === null)
    set(keys.body, idBytes(id), now + REPEATS_KEPT_MS)

  if (!isHeardOf(keys)) set({ model: keys.model, what: HEARD }, NOTHING, now + REPEATS_KEPT_MS)
  return {
    duplicate_of: null,
    repeat_of: repeated,
    previous_version: moveHolder(holder, { keys, now, get, set }),
  }
}

/** Notes who holds an alias or a stage. Returns who held it before. */
function moveHolder(holder: NewEvent['holder'], { keys, now, get, set }: Decision): string | null {
  if (keys.holder === null || holder === null) return null
  const held = get(keys.holder)
  // Without a home nothing else lies beside it.
  const until = keys.holder.model === keys.model ? null : now + REPEATS_KEPT_MS
  set(keys.holder, Buffer.from(holder.version ?? ''), until)
  return held === undefined || held.value.length === 0 ? null : Buffer.from(held.value).toString()
}

/** An alias or stage that an event moves once its registry was asked. */
export interface Move {
  event_id: string
  keys: Keys
  holder: NewEvent['holder']
}

/** Returns who held what these events move, by event, and the rows to be written. `known`: the rows of the holders. */
export function moveHolders(
  moves: readonly Move[],
  known: readonly KnownRow[],
  now: number,
): { before: Map<string, string | null>; writes: KnownRow[] } {
  const memory = remember(known)
  const before = new Map(
    moves.map(({ event_id, keys, holder }) => {
      if (holder !== null && !isHeardOf(keys))
        memory.set({ model: keys.model, what: HEARD }, NOTHING, now + REPEATS_KEPT_MS)
      return [event_id, moveHolder(holder, { keys, now, ...memory })]
    }),
  )
  return { before, writes: memory.writes() }
}

/** The value of a row that only says that a model was heard of. */
const HEARD = 0
const NOTHING = Buffer.alloc(0)

/** Whether a row that is kept long lies beside the model's holders; without a home, nothing does. */
const isHeardOf = ({ model, body, merged, holder }: Keys) =>
  merged || body?.model === model || holder?.model !== model

const COLUMNS = { model: 'bigint', what: 'bigint', value: 'bytea', until: 'bigint' } as const
const PLACE = { model: 'bigint', what: 'bigint' } as const

/** Reads the rows of these places. On PostgreSQL the locks of their models are held. */
export const readKnown = overRows<KnownRow>(
  'read_known',
  PLACE,
  ({ rows }) => `select k.model, k.what, k.value, k.until from ${rows(PLACE)} as r
    cross join known k where k.model = r.model and k.what = r.what`,
)

/** Writes rows. */
export const writeKnown = inserting('known', COLUMNS, {
  end: 'on conflict (model, what) do update set value = excluded.value, until = excluded.until',
})

/** Deletes those of these rows that are still past keeping: one may have come once more meanwhile. */
const deleteKnown = overRows<KnownKey>(
  'delete_known',
  PLACE,
  ({ rows, at }) => `delete from known where (model, what) in (select model, what from ${rows(PLACE)} as r)
    and until <= ${at(2)} returning model, what`,
)

/** Returns the event of an earlier delivery: see `Operations.storedDelivery`. */
export async function findDelivery(
  tx: Tx,
  { source, key }: { source: string; key: string },
): Promise<string | null> {
  const { model, what } = deliveryKey(source, key)
  const [rows] = await tx.batch([readKnown([{ model, what }])])
  const [row] = rows
  return row === undefined || (row.until ?? 0) <= tx.now ? null : lastOf(row.value).event_id
}

/** Rows that one step of the walk looks at. */
const STEP = 2_000
/** The fact that holds how far the walk of `sweepKnown` has come. */
const WALKED = 'known-walked-to'
const START = '0 -1'

/**
 * Deletes what is past keeping among the next rows of the walk through all that is remembered, and notes how far the walk
 * has come. Walking needs no index by age, which would cost each event a page. Returns whether rows are left before the
 * end of the walk; after it the next step begins anew.
 */
export async function sweepKnown(tx: Tx): Promise<boolean> {
  const [model = 0, what = -1] = ((await readFact(tx, WALKED)) ?? START).split(' ').map(Number)
  const rows = await tx.db
    .selectFrom('known')
    .select(['model', 'what', 'until'])
    .where((eb) => eb.or([eb('model', '>', model), eb.and([eb('model', '=', model), eb('what', '>', what)])]))
    .orderBy('model')
    .orderBy('what')
    .limit(STEP)
    .execute()
  const end = rows.length < STEP ? undefined : rows.at(-1)
  const next = end === undefined ? START : `${end.model} ${end.what}`
  if (rows.length > 0) await writeFact(tx, WALKED, next)
  const old = rows.filter(({ until }) => until !== null && until <= tx.now).map(placeOf)
  const models = [...new Set(rows.filter(({ until }) => until === null).map((row) => row.model))]
  // Nobody notes anything of these models meanwhile.
  await tx.lock({ lanes: [], subjects: [], models })
  await tx.batch([deleteKnown(old, tx.now)])
  await sweepHolders(tx, models)
  return end !== undefined
}

/** Deletes who holds what of models of which nothing else is known. */
async function sweepHolders({ db }: Tx, models: readonly number[]): Promise<void> {
  if (models.length === 0) return
  const heardOf = db
    .selectFrom('known')
    .select('model')
    .where('model', 'in', models)
    .where('until', 'is not', null)
  await db.deleteFrom('known').where('model', 'in', models).where('model', 'not in', heardOf).execute()
}
