import type { Tx } from '../db.ts'
import type { NewEvent } from '../records.ts'
import {
  knownNumber,
  readKnown,
  textOf,
  writeKnown,
  type Known,
  type KnownKey,
  type KnownRow,
} from '../tables/known.ts'

const DAY_MS = 86_400_000
/** How long a body's hash is kept to recognise repeats, in ms. */
const REPEATS_KEPT_MS = 400 * DAY_MS
/** How long it is kept who holds an alias or stage that does not move, in ms. */
const HOLDERS_KEPT_MS = 1_200 * DAY_MS
/** Characters of a request's hash that are kept to compare it with the next one. */
const COMPARED = 16
/** What is remembered of a delivery id: the event alone. */
const THE_EVENT = 0

/** What is known of an event when it comes. */
export type Recognised =
  /** A request like it came within its window, or its body came before and its source refuses repeats. */
  | { is_new: false; event_id: string }
  /**
   * `repeat_of`: the event that brought the same body before. `previous_version`: who held the alias or stage that it
   * moves.
   */
  | { is_new: true; repeat_of: string | null; previous_version: string | null }

/**
 * Tells events that were seen before from new ones, and remembers all of them. The models are locked first: two replicas
 * that are given the same request at the same moment cannot both take it.
 */
export async function recognise(tx: Tx, events: readonly NewEvent[]): Promise<Recognised[]> {
  const keyed = events.map((event) => ({ event, keys: keysOf(event) }))
  const keys = keyed.flatMap(({ keys: { request, body, holder } }) =>
    [request, body, holder].filter((key) => key !== null),
  )
  await tx.dialect.lockKnown(
    tx.db,
    keys.map(({ model }) => model),
  )
  const memory = new Memory(await readKnown(tx, keys))
  const recognised = keyed.map(({ event, keys: all }) => recogniseOne(event, all, { memory, now: tx.now }))
  await writeKnown(tx, memory.written())
  return recognised
}

/** Where all that is remembered of an event stands. */
interface Keys {
  request: KnownKey
  body: KnownKey | null
  holder: KnownKey | null
}

function keysOf({ source, identity, home, holder }: NewEvent): Keys {
  const { rule, key, body_hash } = identity
  const model = home === null ? null : knownNumber(`${source}:${home}`)
  // What names no model lies by itself.
  const at = (what: string): KnownKey => ({
    model: model ?? knownNumber(`${source}:${what}`),
    what: knownNumber(what),
  })
  return {
    request: rule === 'delivery' ? deliveryKey(source, key) : at(`last:${key}`),
    body: body_hash === null ? null : at(`body:${body_hash}`),
    holder: holder === null ? null : at(`holder:${holder.key}`),
  }
}

/** A sender's delivery id is looked up before its body is read, so the model cannot be part of its key. */
const deliveryKey = (source: string, key: string): KnownKey => ({
  model: knownNumber(`${source}:delivery:${key}`),
  what: THE_EVENT,
})

/** What is remembered, and what of it has changed. */
class Memory {
  private readonly known: Map<string, Known>
  private readonly changed = new Map<string, KnownRow>()

  constructor(known: Map<string, Known>) {
    this.known = known
  }

  get(key: KnownKey): Known | null {
    return this.known.get(textOf(key)) ?? null
  }

  set(key: KnownKey, known: Known): void {
    this.known.set(textOf(key), known)
    this.changed.set(textOf(key), { ...key, ...known })
  }

  written(): KnownRow[] {
    return [...this.changed.values()]
  }
}

/** Walks the group in order: within it, too, only what equals the one before is a duplicate. */
function recogniseOne(
  event: NewEvent,
  keys: Keys,
  { memory, now }: { memory: Memory; now: number },
): Recognised {
  const { id, identity, holder, refuse_repeats } = event
  const value = identity.value === identity.key ? null : identity.value.slice(0, COMPARED)
  const before = memory.get(keys.request)
  if (before?.value === value && isWithin(before.until, now, identity.window_ms))
    return { is_new: false, event_id: before.event_id }
  const body = keys.body === null ? null : memory.get(keys.body)
  const repeat_of = body !== null && body.until > now ? body.event_id : null
  const is_refused = refuse_repeats && repeat_of !== null
  // A refused repeat is kept nowhere: the next one is answered with the event that exists.
  memory.set(keys.request, { value, event_id: is_refused ? repeat_of : id, until: now + identity.window_ms })
  if (is_refused) return { is_new: false, event_id: repeat_of }
  if (keys.body !== null && repeat_of === null)
    memory.set(keys.body, { value: null, event_id: id, until: now + REPEATS_KEPT_MS })
  if (holder === null || keys.holder === null) return { is_new: true, repeat_of, previous_version: null }
  const previous_version = memory.get(keys.holder)?.value ?? null
  memory.set(keys.holder, { value: holder.version, event_id: id, until: now + HOLDERS_KEPT_MS })
  return { is_new: true, repeat_of, previous_version }
}

/** A window that ends later than a new one would was noted under a clock that was ahead, or a longer setting: it is over. */
const isWithin = (until: number, now: number, window_ms: number) => until > now && until <= now + window_ms

/** Returns the event of an earlier delivery: see `Operations.storedDelivery`. */
export async function findDelivery(
  tx: Tx,
  { source, key }: { source: string; key: string },
): Promise<string | null> {
  const at = deliveryKey(source, key)
  const found = (await readKnown(tx, [at])).get(textOf(at))
  return found !== undefined && found.until > tx.now ? found.event_id : null
}
