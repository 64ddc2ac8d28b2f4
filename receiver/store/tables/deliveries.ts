/**
 * The life of a delivery. Eight transitions, each one function and one statement; nothing else changes a status. Statements that
 * change something else of a delivery: `delivery-upkeep.ts`.
 *
 *   insert      ->  pending | failed (no valid target) | superseded (a newer event came in the same group)
 *   lease       pending                      -> delivering   under a lease; left by settle or reclaim alone
 *   settle      delivering, same lease       -> succeeded | failed | pending (due_at)
 *   reclaim     delivering, lease over       -> pending | failed (attempts used up); the attempt counts: it may have arrived
 *   expire      pending, expires_at over     -> expired
 *   supersede   pending, older in a slot     -> superseded
 *   cancel      pending                      -> canceled
 *   requeue     any finished                 -> pending      same id, same place, schedule from the start
 *
 * The caller of each of them but `lease` holds the locks of the delivery's lane and subject (`Tx.lock`), and afterwards
 * lets `promote` of `heads.ts` name the next head of the subject. A lease takes no lock: it changes nothing but a
 * pending row that it has selected for itself, so the others ask for the status again in their own statement.
 */
import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import { LOST_WAITS_MS } from '../../policy/retry.ts'
import type { Tx } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { DeliveryError, DeliveryStatus, NewDelivery } from '../records.ts'
import type { DeliveriesTable, Tables } from '../schema.ts'
import { inserting, overRows, statement, type Call } from '../statement.ts'
import { EXPIRED, LOST, LOST_TOO_OFTEN } from './delivery-errors.ts'
import { DELIVERING, PENDING } from './literals.ts'
import { REPLACEABLE_TEXT } from './replaceable.ts'

type Builder = ExpressionBuilder<Tables, 'deliveries'>
type Condition = (eb: Builder) => Expression<SqlBool>

/** A delivery as it enters the queue. */
export interface Entry {
  event_id: string
  /** Null: that of its event, which is new. */
  place: number | null
  delivery: NewDelivery
  status: 'pending' | 'failed' | 'superseded'
  /** Whether it may be claimed at once. */
  head: boolean
}

/** Returns what inserts deliveries, in the order given, once their events are there. */
export const insert = (tx: Tx, entries: readonly Entry[]): Call =>
  insertRows(entries.map((entry) => toRow(entry, tx.now)))

const insertRows = inserting(
  'deliveries',
  {
    id: 'text',
    event_id: 'text',
    automation: 'text',
    revision: 'text',
    position: 'bigint',
    type: 'text',
    target: 'text',
    lane: 'text',
    subject: 'text',
    slot: 'text',
    place: 'bigint',
    dedupe_key: 'text',
    ordered: 'bigint',
    supersede: 'text',
    head: 'bigint',
    status: 'text',
    redeliveries: 'bigint',
    counted_attempts: 'bigint',
    attempts: 'bigint',
    due_at: 'bigint',
    created_at: 'bigint',
    ended_at: 'bigint',
    expires_after: 'bigint',
    expires_at: 'bigint',
    error: 'text',
    replay_of: 'text',
  },
  { values: { place: 'coalesce(r.place, (select seq from events where events.id = r.event_id))' } },
)

function toRow({ event_id, place, delivery, status, head }: Entry, now: number) {
  const { error, ordered, expires_after_ms, policy: _, ...rest } = delivery
  return {
    ...rest,
    event_id,
    place,
    ordered: ordered ? 1 : 0,
    head: head ? 1 : 0,
    status,
    redeliveries: 0,
    counted_attempts: 0,
    attempts: 0,
    due_at: now,
    created_at: now,
    ended_at: status === 'pending' ? null : now,
    expires_after: expires_after_ms,
    expires_at: expires_after_ms === null ? null : now + expires_after_ms,
    error: error === null ? null : jsonText(error),
  }
}

const LEASE = { id: 'text', lease: 'text' } as const

/**
 * Leases pending deliveries until the second value; the third is now. A delivery that has ended meanwhile, or whose time has run
 * out and nobody has ended it yet, stays as it is.
 */
export const leaseAll = overRows(
  'lease',
  LEASE,
  ({ rows, at }) => `update deliveries set status = 'delivering', lease = r.lease, lease_until = ${at(2)}
    from ${rows(LEASE)} as r where deliveries.id = r.id and deliveries.status = 'pending' and deliveries.head = 1
    and (deliveries.expires_at is null or deliveries.expires_at > ${at(3)})`,
)

/** The consequence of one attempt for its delivery. */
export interface Settlement {
  id: string
  lease: string
  status: 'succeeded' | 'failed' | 'pending'
  /** When it is tried again; counts for `pending` alone. */
  due_at: number
  /** Whether the attempt counts against the schedule. */
  counted: boolean
  error: DeliveryError | null
}

const SETTLEMENT = {
  id: 'text',
  lease: 'text',
  status: 'text',
  due_at: 'bigint',
  head: 'bigint',
  counted: 'bigint',
  ended_at: 'bigint',
  error: 'text',
} as const

/** Writes what attempts led to, each under its own lease. */
export const settleAll = (settlements: readonly Settlement[], now: number): Call =>
  settle(
    settlements.map(({ id, lease, status, due_at, counted, error }) => ({
      id,
      lease,
      status,
      due_at: status === 'pending' ? due_at : now,
      head: status === 'pending' ? 1 : 0,
      counted: counted ? 1 : 0,
      ended_at: status === 'pending' ? null : now,
      error: error === null ? null : jsonText(error),
    })),
  )

const settle = overRows(
  'settle',
  SETTLEMENT,
  ({ rows }) => `update deliveries set status = r.status, counted_attempts = counted_attempts + r.counted,
      attempts = attempts + 1, due_at = r.due_at, head = r.head, lease = null, lease_until = null,
      ended_at = r.ended_at, error = r.error
    from ${rows(SETTLEMENT)} as r where deliveries.id = r.id and deliveries.status = 'delivering'
    and deliveries.lease = r.lease`,
)

/** The condition of a delivery whose lease has run out by `leased_until`. */
export const isLost = (leased_until: number) => (eb: Builder) =>
  eb.and([eb('status', '=', DELIVERING), eb('lease_until', '<=', leased_until)])

/** A delivery that was reclaimed. `attempts` is the number of the attempt that was lost. */
export interface Reclaimed {
  id: string
  lane: string
  subject: string
  status: 'pending' | 'failed'
  attempts: number
}

/** Reclaims those of the deliveries `ids` whose lease has run out by `leased_until`. */
export async function reclaim(
  { db, now }: Tx,
  { ids, leased_until }: { ids: readonly string[]; leased_until: number },
): Promise<Reclaimed[]> {
  const counted = sql<number>`counted_attempts + 1`
  const isUsedUp = sql<boolean>`counted_attempts + 1 > ${sql.lit(LOST_WAITS_MS.length)}`
  const waits = LOST_WAITS_MS.map((ms, i) => sql`when ${sql.lit(i + 1)} then ${sql.lit(ms)}`)
  const wait = sql<number>`case ${counted} ${sql.join(waits, sql` `)} else 0 end`
  const time = sql<number>`cast(${now} as bigint)`
  const rows = await db
    .updateTable('deliveries')
    .set({
      status: sql`case when ${isUsedUp} then 'failed' else 'pending' end`,
      counted_attempts: counted,
      attempts: sql`attempts + 1`,
      due_at: sql`${time} + ${wait}`,
      head: sql`case when ${isUsedUp} then 0 else head end`,
      lease: null,
      lease_until: null,
      ended_at: sql`case when ${isUsedUp} then ${time} end`,
      error: sql`case when ${isUsedUp} then ${jsonText(LOST_TOO_OFTEN)} else ${jsonText(LOST)} end`,
    })
    .where('id', 'in', ids)
    .where(isLost(leased_until))
    .returning(['id', 'lane', 'subject', 'status', 'attempts'])
    .execute()
  return rows as Reclaimed[]
}

/** The condition of a waiting delivery whose time has run out. */
const isExpired = (now: number) => (eb: Builder) =>
  eb.and([eb('status', '=', PENDING), eb('expires_at', 'is not', null), eb('expires_at', '<=', now)])

/** Where a delivery belongs. */
export interface Belonging {
  id: string
  lane: string
  subject: string
}

/** Expires those of the deliveries `ids` whose time has run out and that still wait, and returns them. */
export async function expire({ db, now }: Tx, ids: readonly string[]): Promise<Belonging[]> {
  return db
    .updateTable('deliveries')
    .set({ status: 'expired', head: 0, ended_at: now, error: jsonText(EXPIRED) })
    .where('id', 'in', ids)
    .where(isExpired(now))
    .returning(['id', 'lane', 'subject'])
    .execute()
}

/** A delivery that was superseded. */
export type Gone = Pick<DeliveriesTable, 'id' | 'event_id' | 'automation' | 'target' | 'subject' | 'slot'>

/** Supersedes the pending deliveries that `which` selects: they are older than another event of their slot. */
export async function supersede({ db, now }: Tx, which: Condition): Promise<Gone[]> {
  return db
    .updateTable('deliveries')
    .set({ status: 'superseded', head: 0, ended_at: now })
    .where('status', '=', PENDING)
    .where(which)
    .returning(['id', 'event_id', 'automation', 'target', 'subject', 'slot'])
    .execute()
}

/** Supersedes what a new event supersedes in these slots: all that is there is older. The second value is now. */
export const supersedeBeforeNew = statement<Gone>(
  'supersede_before_new',
  ({ isIn, at }) => `update deliveries set status = 'superseded', head = 0, ended_at = ${at(2)}
    where ${isIn('slot', 1)} and ${REPLACEABLE_TEXT}
    returning id, event_id, automation, target, subject, slot`,
)

/** Cancels a pending delivery. Returns false, and changes nothing, when it has been leased or has ended meanwhile. */
export async function cancelPending({ db, now }: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ status: 'canceled', head: 0, ended_at: now })
    .where('id', '=', id)
    .where('status', '=', PENDING)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/**
 * Puts a finished delivery back into the queue, in `lane`: an ordered one behind its head. Returns false, and changes
 * nothing, when its status is not `status` any more.
 */
export async function requeue(
  { db, now }: Tx,
  { id, lane, status, ordered, expires_after }: Requeued,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({
      status: 'pending',
      lane,
      head: ordered === 1 ? 0 : 1,
      redeliveries: sql`redeliveries + 1`,
      counted_attempts: 0,
      due_at: now,
      ended_at: null,
      expires_at: expires_after === null ? null : now + expires_after,
    })
    .where('id', '=', id)
    .where('status', '=', status)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** A finished delivery as it was read, and the lane that it goes back into. */
export interface Requeued {
  id: string
  lane: string
  status: Exclude<DeliveryStatus, 'pending' | 'delivering'>
  ordered: number
  expires_after: number | null
}
