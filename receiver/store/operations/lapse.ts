import { sql } from 'kysely'
import type { Db, Flavor } from '../flavor.ts'
import { laneAlarm } from './claim.ts'
import { promoteHeads } from './subjects.ts'
import { DELIVERING, PENDING } from './states.ts'

/** Rows changed in one go, so that housekeeping never holds up ingest. */
const BATCH = 500

const LOST = {
  class: 'ambiguous',
  message: 'The receiver that made this attempt stopped or lost its claim; the request may have arrived.',
  fix: 'Nothing to do: it is tried again with the same delivery_id.',
}

/** Takes back deliveries whose lease ran out: the attempt counts, since it may have been made. */
export async function reclaimLeases(db: Db, flavor: Flavor, now: number): Promise<void> {
  await takeBack(db, flavor, now, now)
}

/**
 * Takes back every delivery under way, for a store with one process when it starts. Gives how many there were.
 */
export async function recover(db: Db, flavor: Flavor, { now }: { now: number }): Promise<number> {
  let all = 0
  for (let n = BATCH; n === BATCH; all += n) n = await takeBack(db, flavor, now, Number.MAX_SAFE_INTEGER)
  return all
}

async function takeBack(db: Db, flavor: Flavor, now: number, leased_until: number): Promise<number> {
  const query = db
    .selectFrom('deliveries')
    .select(['id', 'lane', 'tries', 'lease_until'])
    .where('status', '=', DELIVERING)
    .where('lease_until', '<=', leased_until)
    .limit(BATCH)
  const lost = await flavor.skipLocked(query).execute()
  if (lost.length === 0) return 0
  await db
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
    .where(
      'id',
      'in',
      lost.map(({ id }) => id),
    )
    .execute()
  await db
    .insertInto('attempts')
    .values(
      lost.map(({ id, tries }) => ({
        delivery_id: id,
        number: tries + 1,
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
  await resetAlarms(
    db,
    lost.map(({ lane }) => lane),
    now,
  )
  return lost.length
}

/** Ends deliveries whose time is over and that nobody is working on. */
export async function endExpired(db: Db, flavor: Flavor, now: number): Promise<void> {
  const query = db
    .selectFrom('deliveries')
    .select(['id', 'subject', 'lane'])
    .where('status', '=', PENDING)
    .where('expires_at', 'is not', null)
    .where('expires_at', '<=', now)
    .limit(BATCH)
  const over = await flavor.skipLocked(query).execute()
  if (over.length === 0) return
  await db
    .updateTable('deliveries')
    .set({ status: 'expired', head: 0, ended_at: now })
    .where(
      'id',
      'in',
      over.map(({ id }) => id),
    )
    .execute()
  await promoteHeads(
    db,
    over.map(({ subject }) => subject),
  )
  await resetAlarms(
    db,
    over.map(({ lane }) => lane),
    now,
  )
}

/** Sets lanes' alarms anew from what waits in them. */
export async function resetAlarms(db: Db, lanes: readonly string[], now: number): Promise<void> {
  for (const lane of [...new Set(lanes)].sort()) {
    const state = await db.selectFrom('lanes').selectAll().where('lane', '=', lane).executeTakeFirst()
    if (state === undefined) continue
    const ready_at = await laneAlarm(db, state, now)
    await db.updateTable('lanes').set({ ready_at }).where('lane', '=', lane).execute()
  }
}
