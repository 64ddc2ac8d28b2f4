import { decide } from '../../policy/outcome.ts'
import type { Tx } from '../db.ts'
import type { Consequence, Finished, Superseded } from '../records.ts'
import { insertAttempts, type NewAttempt } from '../tables/attempts.ts'
import { settle, type Settlement } from '../tables/deliveries.ts'
import { noteFailing, noteRecovered } from '../tables/failing.ts'
import { notePassed, supersedeFailed, type Superseding } from '../tables/slots.ts'
import { stateOf, withState, type LaneBook, type OpenLane } from './lane-book.ts'

/** What the results of attempts led to. */
export interface Written {
  /** In the order of the results. */
  consequences: Consequence[]
  /** Subjects that need a new head. */
  subjects: string[]
  superseded: Superseded[]
}

/** A delivery whose attempt has ended, as it is under the locks of its lane and subject. */
type Claim = Awaited<ReturnType<typeof readClaims>>[number]

const DROPPED: Consequence = { status: null, recovered: false, paused: null, resumed: false }

/**
 * Writes what attempts showed and what follows from it for each delivery, its subject and its lane. Writes nothing for
 * a result whose lease is no longer valid: someone else has taken the delivery over. The caller holds the locks of the
 * lanes (opened in `lanes`) and subjects.
 *
 * @throws Interrupted when a delivery is in another lane than when the locks were taken
 */
export async function finishAll(tx: Tx, results: readonly Finished[], lanes: LaneBook): Promise<Written> {
  const written: Written = { consequences: [], subjects: [], superseded: [] }
  if (results.length === 0) return written
  const claims = new Map((await readClaims(tx, results)).map((claim) => [claim.lease, claim]))
  const attempts: NewAttempt[] = []
  for (const result of results) {
    const claim = claims.get(result.lease)
    claims.delete(result.lease)
    if (claim?.id !== result.delivery_id) {
      written.consequences.push(DROPPED)
      continue
    }
    const { consequence, subjects, superseded } = await finish(tx, {
      result: wholeMs(result),
      claim,
      lane: lanes.held(claim.lane),
    })
    attempts.push(attemptOf(result, claim.attempts + 1))
    written.consequences.push(consequence)
    written.subjects.push(...subjects)
    written.superseded.push(...superseded)
  }
  await tx.batch([insertAttempts(attempts)])
  return written
}

/** The deliveries that are still under way. */
async function readClaims({ db }: Tx, results: readonly Finished[]) {
  const ids = results.map(({ delivery_id }) => delivery_id)
  return db
    .selectFrom('deliveries')
    .select(['id', 'event_id', 'lease', 'place', 'lane', 'subject', 'slot', 'counted_attempts', 'attempts'])
    .select(['ordered', 'automation', 'target'])
    .where('id', 'in', ids)
    .where('lease', 'is not', null)
    .execute()
}

/** Times are whole ms in the store, whatever a server asked for. */
function wholeMs(result: Finished): Finished {
  const { retry_after_ms } = result
  return { ...result, retry_after_ms: retry_after_ms === null ? null : Math.ceil(retry_after_ms) }
}

function attemptOf(result: Finished, number: number): NewAttempt {
  return {
    delivery_id: result.delivery_id,
    number,
    at: result.at,
    duration_ms: result.duration_ms,
    status: result.status,
    class: result.class,
    error: result.message === '' ? null : storable(result.message),
    request: result.request,
    response: result.response === null ? null : storable(result.response),
  }
}

/** An answer may hold what PostgreSQL's text cannot: U+0000 and halves of characters. */
const storable = (text: string) => text.replaceAll('\0', '\ufffd').toWellFormed()

/** Writes one result. Returns what came of it, also for other deliveries of its slot. */
async function finish(
  tx: Tx,
  { result, claim, lane }: { result: Finished; claim: Claim; lane: OpenLane },
): Promise<Superseding & { consequence: Consequence }> {
  const { class: kind, message, fix, lease, random } = result
  const before = stateOf(lane.after)
  const decided = decide(result, { attempts: claim.counted_attempts, lane: before, now: tx.now, random })
  const { outcome } = decided
  const { status } = outcome
  await settle(tx, {
    id: claim.id,
    lease,
    status,
    due_at: outcome.status === 'pending' ? outcome.due_at : tx.now,
    counted: outcome.status !== 'pending' || outcome.counted,
    error: status === 'succeeded' ? null : { class: kind, message, fix },
  })
  lane.after = withState(lane.after, decided.lane)
  if (status === 'failed') await noteFailing(tx, [claim])
  const { superseded, subjects } = await supersedeAfter(tx, claim, status)
  const { pause, paused_until } = decided.lane
  const consequence = {
    status,
    recovered: status === 'succeeded' && (await noteRecovered(tx, claim)),
    paused: pause === null || pause === before.pause ? null : { reason: pause, until: paused_until, message },
    resumed: before.pause !== null && pause === null && (kind === 'success' || kind === 'permanent'),
  }
  return { consequence, superseded, subjects: claim.ordered === 1 ? [...subjects, claim.subject] : subjects }
}

async function supersedeAfter(tx: Tx, claim: Claim, status: Settlement['status']): Promise<Superseding> {
  switch (status) {
    case 'succeeded':
      return notePassed(tx, claim)
    case 'pending':
      return supersedeFailed(tx, claim)
    case 'failed':
      return { superseded: [], subjects: [] }
  }
}
