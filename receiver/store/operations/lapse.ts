import { sql, type ExpressionBuilder, type Selectable } from 'kysely'
import type { Db, Flavor } from '../flavor.ts'
import type { DeliveriesTable, Tables } from '../schema.ts'
import { lostWait } from '../../policy/retry.ts'
import { laneAlarm } from './claim.ts'
import { giveWay, promoteHeads } from './subjects.ts'
import { DELIVERING, PENDING } from './states.ts'

/** Rows changed in one go, so that housekeeping never holds up ingest. */
const BATCH = 500

const LOST = {
  class: 'ambiguous',
  message: 'The receiver that made this attempt stopped or lost its claim; the request may have arrived.',
  fix: 'Nothing to do: it is tried again with the same delivery_id.',
}

/** A delivery that something happens to by itself. */
type Row = Pick<Selectable<DeliveriesTable>, 'id' | 'lane' | 'subject'>
const ROW = ['id', 'lane', 'subject'] as const
const ROW_AND_STATUS = [...ROW, 'status'] as const

/** Deliveries whose lease or time ran out. Found without any lock, so whoever changes them must ask again. */
export interface Lapsed {
  lost: readonly Row[]
  over: readonly Row[]
}

export async function findLapsed(db: Db, now: number): Promise<Lapsed> {
  const first = (lapsed: ReturnType<typeof isLost>) =>
    db
      .selectFrom(db.selectFrom('deliveries').select(ROW_AND_STATUS).where(lapsed).limit(BATCH).as('first'))
      .selectAll()
  const rows = await first(isLost(now))
    .unionAll(first(isOver(now)))
    .execute()
  return {
    lost: rows.filter(({ status }) => status === 'delivering'),
    over: rows.filter(({ status }) => status === 'pending'),
  }
}

const isLost = (leased_until: number) => (eb: ExpressionBuilder<Tables, 'deliveries'>) =>
  eb.and([eb('status', '=', DELIVERING), eb('lease_until', '<=', leased_until)])

const isOver = (now: number) => (eb: ExpressionBuilder<Tables, 'deliveries'>) =>
  eb.and([eb('status', '=', PENDING), eb('expires_at', 'is not', null), eb('expires_at', '<=', now)])

/**
 * Takes back what lost workers held (the attempt counts, since it may have been made) and ends what has expired.
 * The caller holds the locks of the lanes and subjects. Gives the lanes of new heads.
 */
export async function endLapsed(
  db: Db,
  flavor: Flavor,
  { lost, over }: Lapsed,
  now: number,
): Promise<string[]> {
  const promoted = [
    ...(await takeBack(db, flavor, lost, now, now)),
    ...(await endExpired(db, flavor, over, now)),
  ]
  await resetAlarms(
    db,
    [...lost, ...over].map(({ lane }) => lane),
    now,
  )
  return promoted
}

/**
 * Takes back every delivery under way, for a store with one process when it starts. Gives how many there were.
 */
export async function recover(db: Db, flavor: Flavor, { now }: { now: number }): Promise<number> {
  const ever = Number.MAX_SAFE_INTEGER
  let all = 0
  for (let n = BATCH; n === BATCH; all += n) {
    const lost = await db.selectFrom('deliveries').select(ROW).where(isLost(ever)).limit(BATCH).execute()
    await takeBack(db, flavor, lost, now, ever)
    await resetAlarms(
      db,
      lost.map(({ lane }) => lane),
      now,
    )
    n = lost.length
  }
  return all
}

async function takeBack(
  db: Db,
  flavor: Flavor,
  lost: readonly Row[],
  now: number,
  leased_until: number,
): Promise<string[]> {
  if (lost.length === 0) return []
  const taken = await db
    .updateTable('deliveries')
    .set({
      status: 'pending',
      lease: null,
      lease_until: null,
      due_at: now,
      attempts: sql`attempts + 1`,
      tries: sql`tries + 1`,
      error: JSON.stringify(LOST),
    })
    .where('id', 'in', idsOf(lost))
    .where(isLost(leased_until))
    .returning(['id', 'tries', 'attempts', 'subject'])
    .execute()
  if (taken.length === 0) return []
  await db
    .insertInto('attempts')
    .values(
      taken.map(({ id, tries }) => ({
        delivery_id: id,
        number: tries,
        at: now,
        duration_ms: 0,
        status: null,
        class: LOST.class,
        error: LOST.message,
        request: '{}',
        response: null,
      })),
    )
    .execute()
  for (const { id, attempts } of taken) {
    if (attempts > 1) await putOff(db, id, lostWait(attempts), now)
  }
  const subjects = [...new Set(taken.map(({ subject }) => subject))]
  const promoted: string[] = []
  for (const subject of subjects) promoted.push(...(await giveWay(db, flavor, subject, now)))
  return [...promoted, ...(await promoteHeads(db, flavor, subjects))]
}

/** One that was lost before waits by the schedule, and ends with it. */
async function putOff(db: Db, id: string, wait: number | null, now: number): Promise<void> {
  const ended = { status: 'failed', head: 0, ended_at: now } as const
  await db
    .updateTable('deliveries')
    .set(wait === null ? ended : { due_at: now + wait })
    .where('id', '=', id)
    .execute()
}

async function endExpired(db: Db, flavor: Flavor, over: readonly Row[], now: number): Promise<string[]> {
  if (over.length === 0) return []
  const ended = await db
    .updateTable('deliveries')
    .set({ status: 'expired', head: 0, ended_at: now })
    .where('id', 'in', idsOf(over))
    .where(isOver(now))
    .returning('subject')
    .execute()
  return promoteHeads(
    db,
    flavor,
    ended.map(({ subject }) => subject),
  )
}

const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id)

/** Sets lanes' alarms anew from what waits in them. The caller holds the lanes' locks. */
export async function resetAlarms(db: Db, lanes: readonly string[], now: number): Promise<void> {
  for (const lane of [...new Set(lanes)].sort()) {
    const state = await db.selectFrom('lanes').selectAll().where('lane', '=', lane).executeTakeFirst()
    if (state === undefined) continue
    const ready_at = await laneAlarm(db, state, now)
    await db.updateTable('lanes').set({ ready_at }).where('lane', '=', lane).execute()
  }
}
