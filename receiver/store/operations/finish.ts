import { decide } from '../../policy/outcome.ts'
import type { LaneState, PauseReason } from '../../policy/lane.ts'
import type { AttemptClass } from '../../destinations/destination.ts'
import type { Db } from '../flavor.ts'
import { laneAlarm } from './claim.ts'
import { endStale, promoteHeads, supersedeOlder } from './subjects.ts'
import { DELIVERING, UNFINISHED } from './states.ts'

/** What one attempt showed, under the lease it was claimed with. */
export interface Finished {
  delivery_id: string
  lane: string
  subject: string
  lease: string
  /** Wall clock of its start, Unix ms: for people. */
  at: number
  duration_ms: number
  class: AttemptClass
  status: number | null
  message: string
  fix: string
  /** JSON of `AttemptResult.request`. */
  request: string
  response: string | null
  retry_after_ms: number | null
  /** Uniform in [0, 1): the jitter of this attempt. */
  random: number
}

/** What an attempt led to. */
export interface Consequence {
  /** Null: the claim was no longer ours, and the result was dropped. */
  status: 'succeeded' | 'failed' | 'pending' | null
  /** The first success of this automation and target after a failure. */
  recovered: boolean
  /** The lane began to rest because of this attempt. */
  paused: { reason: PauseReason; until: number; message: string } | null
}

const DROPPED: Consequence = { status: null, recovered: false, paused: null }

/**
 * Writes one attempt and what follows from it for the delivery, its subject and its lane. Writes
 * nothing when the claim is no longer ours: someone else has taken the delivery over. The caller holds the locks of
 * the lane and the subject.
 */
export async function finish(db: Db, result: Finished, now: number): Promise<Consequence> {
  const claimed = await db
    .selectFrom('deliveries')
    .select(['seq', 'attempts', 'tries', 'ordered', 'automation', 'target'])
    .where('id', '=', result.delivery_id)
    .where('status', '=', DELIVERING)
    .where('lease', '=', result.lease)
    .executeTakeFirst()
  if (claimed === undefined) return DROPPED
  const { seq } = claimed
  const { subject, lane: name } = result
  const lane = await db.selectFrom('lanes').selectAll().where('lane', '=', name).executeTakeFirstOrThrow()
  const state: LaneState = {
    paused_until: lane.paused_until,
    pause: lane.pause as PauseReason | null,
    pause_message: lane.pause_message,
    pauses: lane.pauses,
    streak: lane.streak,
    streak_subjects: JSON.parse(lane.streak_subjects) as string[],
  }
  const { outcome, lane: after } = decide(result, claimed.attempts, state, now, result.random)
  const ended = outcome.status !== 'pending'
  const counted = outcome.status !== 'pending' || outcome.counted
  const problem =
    outcome.status === 'succeeded'
      ? null
      : JSON.stringify({ class: result.class, message: result.message, fix: result.fix })
  await db
    .updateTable('deliveries')
    .set({
      status: outcome.status,
      attempts: claimed.attempts + (counted ? 1 : 0),
      tries: claimed.tries + 1,
      due_at: outcome.status === 'pending' ? outcome.due_at : now,
      head: ended ? 0 : 1,
      lease: null,
      lease_until: null,
      ended_at: ended ? now : null,
      error: problem,
    })
    .where('id', '=', result.delivery_id)
    .execute()
  await db
    .insertInto('attempts')
    .values({
      delivery_id: result.delivery_id,
      number: claimed.tries + 1,
      at: result.at,
      duration_ms: result.duration_ms,
      status: result.status,
      class: result.class,
      error: result.message === '' ? null : result.message,
      request: result.request,
      response: result.response,
    })
    .execute()

  if (outcome.status === 'succeeded') await endStale(db, subject, seq, now)
  else if (!ended) await supersedeOlder(db, [subject], now, await newestWaiting(db, subject))
  if (claimed.ordered === 1) await promoteHeads(db, [subject])
  await db
    .updateTable('lanes')
    .set({
      ...after,
      streak_subjects: JSON.stringify(after.streak_subjects),
      ready_at: await laneAlarm(db, { ...lane, paused_until: after.paused_until }, now),
    })
    .where('lane', '=', name)
    .execute()
  return {
    status: outcome.status,
    recovered: await noteHealth(db, `failing:${claimed.automation}:${claimed.target}`, outcome.status),
    paused:
      after.pause === null || after.pause === state.pause
        ? null
        : { reason: after.pause, until: after.paused_until, message: result.message },
  }
}

/** Remembers that deliveries of an automation to a target fail; tells when one gets through again. */
async function noteHealth(db: Db, key: string, status: 'succeeded' | 'failed' | 'pending'): Promise<boolean> {
  if (status === 'failed') {
    await db
      .insertInto('facts')
      .values({ key, value: '1' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
  }
  if (status !== 'succeeded') return false
  const { numDeletedRows } = await db.deleteFrom('facts').where('key', '=', key).executeTakeFirst()
  return numDeletedRows > 0n
}

/** The youngest unfinished delivery of a subject. */
async function newestWaiting(db: Db, subject: string): Promise<number> {
  const { newest } = await db
    .selectFrom('deliveries')
    .select(({ fn }) => fn.max('seq').as('newest'))
    .where('subject', '=', subject)
    .where(UNFINISHED)
    .executeTakeFirstOrThrow()
  return newest
}
