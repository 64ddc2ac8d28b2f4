import type { Db, Flavor } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { NewDelivery } from '../records.ts'
import { insertAll } from '../tables/insert-all.ts'
import { UNFINISHED, YES } from '../tables/literals.ts'
import { promoteHeads, supersedeOlder } from '../tables/subjects.ts'

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
 * the locks of their lanes and subjects. Gives the lanes of older ones that became heads by it.
 */
export async function enqueue(
  db: Db,
  flavor: Flavor,
  items: readonly Queued[],
  now: number,
): Promise<string[]> {
  if (items.length === 0) return []
  const live = items.filter(({ delivery }) => delivery.error === null)
  const replays = live.filter(({ replayed }) => replayed)
  const promoted = await replaceOlder(
    db,
    flavor,
    live.filter(({ replayed }) => !replayed),
    now,
  )
  for (const replay of replays) promoted.push(...(await replaceOlder(db, flavor, [replay], now)))
  const newest = new Map<string, number>()
  for (const { place, delivery } of live) {
    newest.set(delivery.subject, Math.max(place, newest.get(delivery.subject) ?? 0))
  }
  const busy = await busySubjects(
    db,
    live.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  await insertDeliveries(
    db,
    items.map((item) => {
      const { ordered, subject, error, supersede } = item.delivery
      if (error !== null) return toRow(item, { status: 'failed', head: false }, now)
      // What came in with it, a moment later, replaces it like any other.
      const isReplaced = supersede === 'waiting' && item.place < (newest.get(subject) ?? 0)
      if (isReplaced) return toRow(item, { status: 'superseded', head: false }, now)
      const head = !ordered || !busy.has(subject)
      if (head && ordered) busy.add(subject)
      return toRow(item, { status: 'pending', head }, now)
    }),
  )
  // One that was forced may stand before what waits already.
  await promoteHeads(
    db,
    flavor,
    replays.filter(({ delivery }) => delivery.ordered).map(({ delivery }) => delivery.subject),
  )
  return promoted
}

/** All that is in the store already stands before the first of new events: one statement does for all of them. */
function replaceOlder(db: Db, flavor: Flavor, items: readonly Queued[], now: number): Promise<string[]> {
  const subjects = [...new Set(items.map(({ delivery }) => delivery.subject))]
  const first = Math.min(...items.map(({ place }) => place))
  return supersedeOlder(db, flavor, subjects, first, now)
}

/** Subjects in which an ordered delivery is unfinished: then one of those is the head. */
async function busySubjects(db: Db, subjects: readonly string[]): Promise<Set<string>> {
  if (subjects.length === 0) return new Set()
  const rows = await db
    .selectFrom('deliveries')
    .select('subject')
    .distinct()
    .where('subject', 'in', [...new Set(subjects)])
    .where(UNFINISHED)
    .where('head', '=', YES)
    .where('ordered', '=', YES)
    .execute()
  return new Set(rows.map(({ subject }) => subject))
}

const insertDeliveries = insertAll('deliveries')

/** How a delivery begins. */
interface Beginning {
  status: 'pending' | 'failed' | 'superseded'
  head: boolean
}

function toRow({ event_id, place, delivery }: Queued, { status, head }: Beginning, now: number) {
  return {
    id: delivery.id,
    event_id,
    automation: delivery.automation,
    revision: delivery.revision,
    position: delivery.position,
    type: delivery.type,
    target: delivery.target,
    lane: delivery.lane,
    subject: delivery.subject,
    place,
    dedupe_key: delivery.dedupe_key,
    ordered: delivery.ordered ? 1 : 0,
    supersede: delivery.supersede,
    head: head ? 1 : 0,
    status,
    attempts: 0,
    tries: 0,
    due_at: now,
    lease: null,
    lease_until: null,
    created_at: now,
    ended_at: status === 'pending' ? null : now,
    expires_after: delivery.expires_after_ms,
    expires_at: delivery.expires_after_ms === null ? null : now + delivery.expires_after_ms,
    error: delivery.error === null ? null : jsonText(delivery.error),
    replay_of: delivery.replay_of,
  }
}
