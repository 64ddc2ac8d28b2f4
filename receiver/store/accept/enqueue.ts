import type { Tx } from '../db.ts'
import type { NewDelivery, Superseded } from '../records.ts'
import { insert, type Entry } from '../tables/deliveries.ts'
import { busySubjects, promote } from '../tables/heads.ts'
import { by, supersedeOlder, type Superseding } from '../tables/slots.ts'

/** A delivery on its way into the queue. */
export interface Queued {
  event_id: string
  place: number
  /** Of a replay: its place is that of an older event. */
  replayed: boolean
  delivery: NewDelivery
}

/** What came of putting deliveries into the queue, beside them. */
export interface Enqueued {
  /** The lanes of older deliveries that became heads by it. */
  lanes: string[]
  superseded: Superseded[]
}

/**
 * Puts deliveries into the queue: each becomes head at once or waits behind its subject's older ones. The caller holds
 * the locks of their lanes and subjects.
 */
export async function enqueue(tx: Tx, items: readonly Queued[]): Promise<Enqueued> {
  if (items.length === 0) return { lanes: [], superseded: [] }
  const live = items.filter(({ delivery }) => delivery.error === null)
  const replays = live.filter(({ replayed }) => replayed)
  const fresh = live.filter(({ replayed }) => !replayed)
  const older = [await supersedeBefore(tx, fresh)]
  for (const replay of replays) older.push(await supersedeBefore(tx, [replay]))
  const lanes = await promote(
    tx,
    older.flatMap(({ subjects }) => subjects),
  )
  const entries = await entriesOf(tx, items, live)
  await insert(tx, entries)
  // A forced replay may come before what waits already.
  await promote(
    tx,
    replays.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  return {
    lanes,
    superseded: [...older.flatMap(({ superseded }) => superseded), ...bornSuperseded(entries, live)],
  }
}

/** All that is in the store already comes before the first of new events: one statement does for all of them. */
async function supersedeBefore(tx: Tx, items: readonly Queued[]): Promise<Superseding> {
  const newest = newestOf(items)
  const place = Math.min(...items.map((item) => item.place))
  const gone = await supersedeOlder(tx, { slots: [...newest.keys()], place })
  const all = gone.map((one) => by(newest.get(one.slot)?.event_id ?? '', [one]))
  return {
    superseded: all.flatMap(({ superseded }) => superseded),
    subjects: all.flatMap(({ subjects }) => subjects),
  }
}

/** The newest of these deliveries in each slot. */
function newestOf(items: readonly Queued[]): Map<string, Queued> {
  const newest = new Map<string, Queued>()
  for (const item of items) {
    const known = newest.get(item.delivery.slot)
    if (known === undefined || known.place < item.place) newest.set(item.delivery.slot, item)
  }
  return newest
}

/** The deliveries that a later event of their own group has superseded. */
function bornSuperseded(entries: readonly Entry[], live: readonly Queued[]): Superseded[] {
  const newest = newestOf(live)
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
async function entriesOf(tx: Tx, items: readonly Queued[], live: readonly Queued[]): Promise<Entry[]> {
  const newest = newestOf(live)
  const busy = await busySubjects(
    tx,
    live.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  return items.map(({ event_id, place, delivery }): Entry => {
    const { ordered, subject, slot, error, supersede } = delivery
    const entry = { event_id, place, delivery }
    if (error !== null) return { ...entry, status: 'failed', head: false }
    // What came in with it, a moment later, supersedes it like any other.
    const isSuperseded = supersede === 'waiting' && place < (newest.get(slot)?.place ?? 0)
    if (isSuperseded) return { ...entry, status: 'superseded', head: false }
    const head = !ordered || !busy.has(subject)
    if (head && ordered) busy.add(subject)
    return { ...entry, status: 'pending', head }
  })
}
