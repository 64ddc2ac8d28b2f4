import { sql } from 'kysely'
import type { Queries, Tx } from '../db.ts'
import type { Superseded } from '../records.ts'
import { inserting, overRows } from '../statement.ts'
import { supersede, type Gone } from './deliveries.ts'
import { DELIVERING, NO, UNFINISHED, YES } from './literals.ts'
import { REPLACEABLE } from './replaceable.ts'

// As in heads.ts: no query here may walk through all that waits in a subject.

type Literal = typeof NO

/**
 * Supersedes the deliveries of `slots` older than `place`: under `retrying` those that failed at least once, under
 * `waiting` all that are not under way.
 */
export async function supersedeOlder(
  tx: Tx,
  { slots, place }: { slots: readonly string[]; place: number },
): Promise<Gone[]> {
  if (slots.length === 0) return []
  return supersede(tx, (eb) => eb.and([eb('slot', 'in', slots), REPLACEABLE, eb('place', '<', place)]))
}

/** A slot, in its subject. */
interface Slot {
  subject: string
  slot: string
}

/** The result of superseding. */
export interface Superseding {
  superseded: Superseded[]
  /** Subjects that need a new head. */
  subjects: string[]
}

/**
 * Supersedes the same when an attempt at a delivery of this slot has failed: the newest event that waits supersedes what
 * the attempt leaves waiting.
 */
export async function supersedeFailed(tx: Tx, slot: Slot): Promise<Superseding> {
  const newest = await newestWaiting(tx, slot)
  if (newest === null) return { superseded: [], subjects: [] }
  return by(newest.event_id, await supersedeOlder(tx, { slots: [slot.slot], place: newest.place }))
}

const PASSED = { subject: 'text', slot: 'text', place: 'bigint' } as const
const BEFORE =
  "d.status in ('pending', 'delivering') and d.place < r.place and d.ordered = 1 and d.status = 'pending'"

/** Supersedes what waits in these slots before the places that got through. The second value is now. */
export const supersedePassed = overRows<Gone>(
  'supersede_passed',
  PASSED,
  ({
    rows,
    at,
  }) => `update deliveries set status = 'superseded', head = 0, ended_at = ${at(2)} where status = 'pending' and seq in (
      select d.seq from ${rows(PASSED)} as r cross join deliveries d
        where r.slot = r.subject and d.subject = r.subject and d.slot = r.slot and d.head in (0, 1) and ${BEFORE}
      union all select d.seq from ${rows(PASSED)} as r cross join deliveries d
        where r.slot <> r.subject and d.slot <> d.subject and d.slot = r.slot and d.head in (0, 1) and ${BEFORE})
    returning id, event_id, automation, target, subject, slot`,
)

/** Returns what the event `superseded_by` has done to these deliveries. */
export function by(superseded_by: string, gone: readonly Gone[]): Superseding {
  return {
    superseded: gone.map(({ id, event_id, automation, target }) => ({
      delivery_id: id,
      event_id,
      automation,
      target,
      superseded_by,
    })),
    subjects: gone.map(({ subject }) => subject),
  }
}

/** Notes how far slots have got. */
export const notePlaces = inserting(
  'slots',
  { slot: 'text', place: 'bigint', noted_at: 'bigint' },
  {
    end: `on conflict (slot) do update set place = excluded.place, noted_at = excluded.noted_at
      where slots.place <= excluded.place`,
  },
)

/** The newest event with an unfinished delivery in a slot. */
async function newestWaiting(tx: Queries, slot: Slot): Promise<{ place: number; event_id: string } | null> {
  const newest = (head: Literal) =>
    tx.db
      .selectFrom(
        unfinished(tx, slot, head)
          .select(['place', 'event_id'])
          .orderBy('place', 'desc')
          .limit(1)
          .as('newest'),
      )
      .selectAll()
  const found = await newest(NO).unionAll(newest(YES)).execute()
  return found.sort((one, other) => other.place - one.place)[0] ?? null
}

/** The text of the index `deliveries_in_slot`. */
const ONE_OF_SEVERAL = sql<boolean>`deliveries.slot <> deliveries.subject`

/** By the whole of an index: both databases then read just the rows that are wanted. */
function unfinished({ db }: Queries, { subject, slot }: Slot, head: Literal) {
  const all = db.selectFrom('deliveries').where(UNFINISHED).where('head', '=', head).where('slot', '=', slot)
  return slot === subject ? all.where('subject', '=', subject) : all.where(ONE_OF_SEVERAL)
}

/** Where a delivery would be sent, in which turn. */
interface Turn extends Slot {
  place: number
}

/**
 * Returns whether a redelivery would roll its slot back: a newer event has got through, or may have (its delivery
 * is under way, or was tried and will be again).
 */
export async function isStale(tx: Queries, turn: Turn): Promise<boolean> {
  if (await hasPassed(tx, turn)) return true
  const tried = await unfinished(tx, turn, YES)
    .select('seq')
    .where('place', '>', turn.place)
    .where((eb) => eb.or([eb('attempts', '>', 0), eb('status', '=', DELIVERING)]))
    .limit(1)
    .executeTakeFirst()
  return tried !== undefined
}

/** Returns whether a replay would roll its slot back: a newer event has got through, or is on its way. */
export async function isStaleReplay(tx: Queries, turn: Turn): Promise<boolean> {
  return (await hasPassed(tx, turn)) || ((await newestWaiting(tx, turn))?.place ?? 0) > turn.place
}

async function hasPassed({ db }: Queries, { slot, place }: Turn): Promise<boolean> {
  const row = await db.selectFrom('slots').select('place').where('slot', '=', slot).executeTakeFirst()
  return row !== undefined && row.place > place
}

/** Deletes up to `limit` slots that have not moved since `noted_before`. Returns how many. */
export async function deleteSlots(
  { db }: Queries,
  { noted_before, limit }: { noted_before: number; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('slots')
    .where('slot', 'in', (eb) =>
      eb
        .selectFrom('slots')
        .select('slot')
        .where('noted_at', '<', noted_before)
        .orderBy('noted_at')
        .limit(limit),
    )
    // Asked again: one may have moved meanwhile.
    .where('noted_at', '<', noted_before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
