import type { Tx } from '../db.ts'
import type { NewDelivery, Superseded } from '../records.ts'
import type { Call } from '../statement.ts'
import { insert, supersedeBeforeNew, type Entry, type Gone } from '../tables/deliveries.ts'
import { headsOf, promote, type Head } from '../tables/heads.ts'
import { by, supersedeOlder, type Superseding } from '../tables/slots.ts'

/** A delivery on its way into the queue. */
export interface Queued {
  event_id: string
  /** Of a replay: that of an older event. Null: the event is new, and comes after all before it in the group. */
  place: number | null
  delivery: NewDelivery
}

/** The side effects of putting deliveries into the queue. */
export interface Enqueued {
  /** The lanes of older deliveries that became heads by it. */
  lanes: string[]
  superseded: Superseded[]
}

/** How deliveries go into the queue. */
export interface Queue extends Enqueued {
  entries: readonly Entry[]
  newest: ReadonlyMap<string, Queued>
  /** Slots of new events in which older deliveries are still to be superseded. */
  slots: readonly string[]
  /** Subjects in which a replay may come before what waits already. */
  reordered: readonly string[]
}

/**
 * Decides how deliveries go into the queue: each becomes head at once or waits behind its subject's older ones. The
 * caller holds the locks of their lanes and subjects, and has read the subjects' `heads`. Where a head is superseded,
 * others may move up: that is done here, since it changes who is head.
 */
export async function planQueue(tx: Tx, items: readonly Queued[], heads: readonly Head[]): Promise<Queue> {
  const live = items.filter(({ delivery }) => delivery.error === null)
  const ranks = new Map(items.map((item, i) => [item, rankOf(item, i)]))
  const newest = newestOf(live, ranks)
  const slots = live.filter(({ place }) => place === null).map(({ delivery }) => delivery.slot)
  const replays = live.filter(({ place }) => place !== null)
  const isAlone =
    replays.length === 0 && !heads.some(({ slot, replaceable }) => replaceable && slots.includes(slot))
  const { lanes, superseded } = isAlone
    ? { lanes: [], superseded: [] }
    : await supersedeNow(tx, { newest, slots, replays })
  // Also of what is not ordered: it may supersede a head that is.
  const subjects = live.map(({ delivery }) => delivery.subject)
  const now = isAlone ? heads : (await tx.batch([headsOf(subjects)]))[0]
  const entries = entriesOf(items, { newest, ranks, busy: new Set(now.map(({ subject }) => subject)) })
  return {
    entries,
    newest,
    lanes,
    superseded,
    slots: isAlone ? [...new Set(slots)] : [],
    reordered: replays.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  }
}

/** Writes the queue behind `before`, all in one message. */
export async function enqueue(tx: Tx, queue: Queue, before: readonly Call[]): Promise<Enqueued> {
  const { entries, newest, slots, reordered } = queue
  const supersede = slots.length === 0 ? [] : [supersedeBeforeNew(slots, tx.now)]
  const written = await tx.batch([
    ...supersede,
    ...before,
    ...(entries.length === 0 ? [] : [insert(tx, entries)]),
  ])
  const gone = slots.length === 0 ? [] : (written[0] as Gone[])
  if (reordered.length > 0) await promote(tx, reordered)
  const { superseded } = byNewest(gone, newest)
  return {
    lanes: queue.lanes,
    superseded: [...queue.superseded, ...superseded, ...bornSuperseded(entries, newest)],
  }
}

/** Supersedes what is older than these, and lets others move up. */
async function supersedeNow(
  tx: Tx,
  { newest, slots, replays }: Pick<Queue, 'newest' | 'slots'> & { replays: readonly Queued[] },
): Promise<Enqueued> {
  const [gone] = await tx.batch([supersedeBeforeNew(slots, tx.now)])
  const older = [byNewest(gone, newest)]
  for (const { event_id, place, delivery } of replays)
    older.push(by(event_id, await supersedeOlder(tx, { slots: [delivery.slot], place: place ?? 0 })))
  const lanes = await promote(
    tx,
    older.flatMap(({ subjects }) => subjects),
  )
  return { lanes, superseded: older.flatMap(({ superseded }) => superseded) }
}

function byNewest(gone: readonly Gone[], newest: Queue['newest']): Superseding {
  const all = gone.map((one) => by(newest.get(one.slot)?.event_id ?? '', [one]))
  return {
    superseded: all.flatMap(({ superseded }) => superseded),
    subjects: all.flatMap(({ subjects }) => subjects),
  }
}

type Ranks = ReadonlyMap<Queued, number>

/** Later than every place. Whole numbers stay exact behind it: half of one more would make neighbours equal. */
const BEHIND_ALL = 2 ** 52

/** Orders a group: what is new has no place yet, and comes after all that has one. */
const rankOf = ({ place }: Queued, i: number) => place ?? BEHIND_ALL + i

/** The newest of these deliveries in each slot. */
function newestOf(items: readonly Queued[], ranks: Ranks): Map<string, Queued> {
  const newest = new Map<string, Queued>()
  for (const item of items) {
    const known = newest.get(item.delivery.slot)
    if (known === undefined || isOlder(known, item, ranks)) newest.set(item.delivery.slot, item)
  }
  return newest
}

/** Deliveries of one event have one place. */
const isOlder = (one: Queued, other: Queued, ranks: Ranks) =>
  one.event_id !== other.event_id && (ranks.get(one) ?? 0) < (ranks.get(other) ?? 0)

/** The deliveries that a later event of their own group has superseded. */
function bornSuperseded(entries: readonly Entry[], newest: Queue['newest']): Superseded[] {
  return entries
    .filter(({ status }) => status === 'superseded')
    .map(({ event_id, delivery: { id, automation, target, slot } }) => ({
      delivery_id: id,
      event_id,
      automation,
      target,
      superseded_by: newest.get(slot)?.event_id ?? '',
    }))
}

/** How each delivery begins. */
function entriesOf(
  items: readonly Queued[],
  { newest, ranks, busy }: { newest: Queue['newest']; ranks: Ranks; busy: Set<string> },
): Entry[] {
  return items.map((item): Entry => {
    const { event_id, place, delivery } = item
    const { ordered, subject, slot, error, supersede } = delivery
    const entry = { event_id, place, delivery }
    if (error !== null) return { ...entry, status: 'failed', head: false }
    // A later event of the same group supersedes it like any other.
    const latest = newest.get(slot)
    const isSuperseded = supersede === 'waiting' && latest !== undefined && isOlder(item, latest, ranks)
    if (isSuperseded) return { ...entry, status: 'superseded', head: false }
    const head = !ordered || !busy.has(subject)
    if (head && ordered) busy.add(subject)
    return { ...entry, status: 'pending', head }
  })
}
