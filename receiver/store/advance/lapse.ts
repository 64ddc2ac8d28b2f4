import { sql, type ExpressionBuilder, type Selectable } from 'kysely'
import type { Db, Flavor } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { GivenUp, Recovered } from '../records.ts'
import type { DeliveriesTable, Tables } from '../schema.ts'
import { lostWait } from '../../policy/retry.ts'
import { EXPIRED, giveUp, LOST_TOO_OFTEN } from './give-up.ts'
import { resetAlarms } from '../tables/lanes.ts'
import { promoteHeads } from '../tables/subjects.ts'
import { DELIVERING, PENDING } from '../tables/literals.ts'

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

/** What came of them. */
export interface LapsesEnded {
  /** Lanes of new heads. */
  promoted: string[]
  given_up: GivenUp[]
}

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
 * The caller holds the locks of the lanes and subjects.
 */
export async function endLapsed(
  db: Db,
  flavor: Flavor,
  { lost, over }: Lapsed,
  now: number,
): Promise<LapsesEnded> {
  const taken_back = await takeBack(db, flavor, lost, now, now)
  const expired = await endExpired(db, flavor, over, now)
  await resetAlarms(
    db,
    [...lost, ...over].map(({ lane }) => lane),
    now,
  )
  return {
    promoted: [...taken_back.promoted, ...expired.promoted],
    given_up: [...taken_back.given_up, ...expired.given_up],
  }
}

/** Takes back every delivery under way, for a store with one process when it starts. */
export async function recover(db: Db, flavor: Flavor, { now }: { now: number }): Promise<Recovered> {
  const ever = Number.MAX_SAFE_INTEGER
  const all: Recovered = { taken_back: 0, given_up: [] }
  for (let n = BATCH; n === BATCH; all.taken_back += n) {
    const lost = await db.selectFrom('deliveries').select(ROW).where(isLost(ever)).limit(BATCH).execute()
    const { given_up } = await takeBack(db, flavor, lost, now, ever)
    all.given_up.push(...given_up)
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
): Promise<LapsesEnded> {
  if (lost.length === 0) return { promoted: [], given_up: [] }
  const taken = await db
    .updateTable('deliveries')
    .set({
      status: 'pending',
      lease: null,
      lease_until: null,
      due_at: now,
      attempts: sql`attempts + 1`,
      tries: sql`tries + 1`,
      error: jsonText(LOST),
    })
    .where('id', 'in', idsOf(lost))
    .where(isLost(leased_until))
    .returning(['id', 'tries', 'attempts', 'subject'])
    .execute()
  if (taken.length === 0) return { promoted: [], given_up: [] }
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
        request: jsonText({}),
        response: null,
      })),
    )
    .execute()
  const used_up: string[] = []
  for (const { id, attempts } of taken) {
    const wait = lostWait(attempts)
    if (wait === null) used_up.push(id)
    else if (wait > 0) await putOff(db, id, now + wait)
  }
  const given_up = await giveUp(db, used_up, LOST_TOO_OFTEN, now)
  // It failed by nobody's answer, so it does not give way to what waits behind it: after a kill every event is sent.
  const promoted = await promoteHeads(
    db,
    flavor,
    taken.map(({ subject }) => subject),
  )
  return { promoted, given_up }
}

async function putOff(db: Db, id: string, due_at: number): Promise<void> {
  await db.updateTable('deliveries').set({ due_at }).where('id', '=', id).execute()
}

async function endExpired(db: Db, flavor: Flavor, over: readonly Row[], now: number): Promise<LapsesEnded> {
  if (over.length === 0) return { promoted: [], given_up: [] }
  // Claims take no lock of the subject: one that was claimed meanwhile is left alone.
  const still = await flavor
    .locked(
      db.selectFrom('deliveries').select(ROW).where('id', 'in', idsOf(over)).where(isOver(now)).orderBy('id'),
    )
    .execute()
  const given_up = await giveUp(db, idsOf(still), EXPIRED, now)
  const promoted = await promoteHeads(
    db,
    flavor,
    still.map(({ subject }) => subject),
  )
  return { promoted, given_up }
}

const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id)
