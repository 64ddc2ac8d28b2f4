import { decide } from '../../policy/outcome.ts'
import type { LaneState, PauseReason } from '../../policy/lane.ts'
import type { Db, Flavor } from '../db.ts'
import { jsonText, parse } from '../json-text.ts'
import type { Consequence, Finished } from '../records.ts'
import { noteFailing, noteRecovered } from '../tables/failing.ts'
import { laneAlarm } from '../tables/lanes.ts'
import { giveWay, passed, promoteHeads } from '../tables/subjects.ts'
import { DELIVERING } from '../tables/literals.ts'

/** What `finish` gives to the rest of its transaction. */
export interface Written {
  consequence: Consequence
  /** Lanes in which another delivery of the subject can be claimed now. */
  promoted: string[]
}

const DROPPED: Written = { consequence: { status: null, recovered: false, paused: null }, promoted: [] }

/**
 * Writes one attempt and what follows from it for the delivery, its subject and its lane. Writes
 * nothing when the claim is no longer ours: someone else has taken the delivery over. The caller holds the locks of
 * the lane and the subject.
 */
export async function finish(db: Db, flavor: Flavor, result: Finished, now: number): Promise<Written> {
  const claimed = await readClaim(db, result)
  if (claimed === undefined) return DROPPED
  const { lane: name } = claimed
  const { subject } = result
  // The lane got another name meanwhile.
  if (name !== result.lane) await flavor.lockLanes(db, [name])
  const lane = await db.selectFrom('lanes').selectAll().where('lane', '=', name).executeTakeFirstOrThrow()
  const state: LaneState = {
    paused_until: lane.paused_until,
    pause: lane.pause as PauseReason | null,
    pause_message: lane.pause_message,
    pauses: lane.pauses,
    streak: lane.streak,
    streak_subjects: parse(lane.streak_subjects),
  }
  const { outcome, lane: after } = decide(wholeMs(result), claimed.attempts, state, now, result.random)
  const ended = outcome.status !== 'pending'
  const counted = outcome.status !== 'pending' || outcome.counted
  const problem =
    outcome.status === 'succeeded'
      ? null
      : jsonText({ class: result.class, message: result.message, fix: result.fix })
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
      error: result.message === '' ? null : storable(result.message),
      request: result.request,
      response: result.response === null ? null : storable(result.response),
    })
    .execute()

  if (outcome.status === 'succeeded') await passed(db, { subject, ...claimed }, now)
  const promoted = ended ? [] : await giveWay(db, flavor, subject, now)
  if (claimed.ordered === 1) promoted.push(...(await promoteHeads(db, flavor, [subject])))
  await db
    .updateTable('lanes')
    .set({
      ...after,
      streak_subjects: jsonText(after.streak_subjects),
      ready_at: await laneAlarm(db, { ...lane, paused_until: after.paused_until }, now),
    })
    .where('lane', '=', name)
    .execute()
  if (outcome.status === 'failed') await noteFailing(db, [claimed])
  const consequence = {
    status: outcome.status,
    recovered: outcome.status === 'succeeded' && (await noteRecovered(db, claimed)),
    paused:
      after.pause === null || after.pause === state.pause
        ? null
        : { reason: after.pause, until: after.paused_until, message: result.message },
  }
  return { consequence, promoted }
}

/** An answer may hold what PostgreSQL's text cannot: U+0000 and halves of characters. */
const storable = (text: string) => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Times are whole ms in the store, whatever a server asked for. */
function wholeMs(result: Finished): Finished {
  const { retry_after_ms } = result
  return { ...result, retry_after_ms: retry_after_ms === null ? null : Math.ceil(retry_after_ms) }
}

/** The delivery, as long as the claim is still ours. */
async function readClaim(db: Db, { delivery_id, lease }: Finished) {
  return db
    .selectFrom('deliveries')
    .select(['place', 'lane', 'attempts', 'tries', 'ordered', 'automation', 'target'])
    .where('id', '=', delivery_id)
    .where('status', '=', DELIVERING)
    .where('lease', '=', lease)
    .executeTakeFirst()
}
