import type { Tx } from '../db.ts'
import type { NewDelivery } from '../records.ts'
import { insert, type Entry } from '../tables/deliveries.ts'
import { busySubjects, promote } from '../tables/heads.ts'
import { supersedeOlder } from '../tables/subjects.ts'

/** A delivery on its way into the queue. */
export interface Queued {
  event_id: string
  place: number
  /** Of a replay: its place is that of an older event. */
  replayed: boolean
  delivery: NewDelivery
}

/**
 * Puts deliveries into the queue: each becomes head at once or waits behind its subject's older ones. The caller holds
 * the locks of their lanes and subjects. Returns the lanes of older deliveries that became heads by it.
 */
export async function enqueue(tx: Tx, items: readonly Queued[]): Promise<string[]> {
  if (items.length === 0) return []
  const live = items.filter(({ delivery }) => delivery.error === null)
  const replays = live.filter(({ replayed }) => replayed)
  const touched = await supersedeBefore(
    tx,
    live.filter(({ replayed }) => !replayed),
  )
  for (const replay of replays) touched.push(...(await supersedeBefore(tx, [replay])))
  const promoted = await promote(tx, touched)
  await insert(tx, await entriesOf(tx, items, live))
  // A forced replay may come before what waits already.
  await promote(
    tx,
    replays.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  return promoted
}

/** All that is in the store already comes before the first of new events: one statement does for all of them. */
async function supersedeBefore(tx: Tx, items: readonly Queued[]): Promise<string[]> {
  const subjects = [...new Set(items.map(({ delivery }) => delivery.subject))]
  return supersedeOlder(tx, { subjects, place: Math.min(...items.map(({ place }) => place)) })
}

/** How each delivery begins. */
async function entriesOf(tx: Tx, items: readonly Queued[], live: readonly Queued[]): Promise<Entry[]> {
  const newest = new Map<string, number>()
  for (const { place, delivery } of live) {
    newest.set(delivery.subject, Math.max(place, newest.get(delivery.subject) ?? 0))
  }
  const busy = await busySubjects(
    tx,
    live.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  return items.map(({ event_id, place, delivery }): Entry => {
    const { ordered, subject, error, supersede } = delivery
    const entry = { event_id, place, delivery }
    if (error !== null) return { ...entry, status: 'failed', head: false }
    // What came in with it, a moment later, supersedes it like any other.
    const isSuperseded = supersede === 'waiting' && place < (newest.get(subject) ?? 0)
    if (isSuperseded) return { ...entry, status: 'superseded', head: false }
    const head = !ordered || !busy.has(subject)
    if (head && ordered) busy.add(subject)
    return { ...entry, status: 'pending', head }
  })
}
