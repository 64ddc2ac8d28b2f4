import { decide } from '../../policy/outcome.ts'
import type { Tx } from '../db.ts'
import type { Consequence, Finished, Superseded } from '../records.ts'
import { statement, type Call } from '../statement.ts'
import { insertAttempts, type NewAttempt } from '../tables/attempts.ts'
import { settleAll, type Gone, type Settlement } from '../tables/deliveries.ts'
import { keyOf, noteFailing, noteRecovered } from '../tables/failing.ts'
import { promoteNext } from '../tables/heads.ts'
import { by, notePlaces, supersedeFailed, supersedePassed } from '../tables/slots.ts'
import { stateOf, withState, type LaneBook, type OpenLane } from './lane-book.ts'

/** A delivery whose attempt has ended, as it is under the locks of its lane and subject. */
export interface Claim {
  id: string
  event_id: string
  lease: string
  place: number
  lane: string
  subject: string
  slot: string
  counted_attempts: number
  attempts: number
  ordered: number
  automation: string
  target: string
}

/** Finds where deliveries are now: a lane may have got another name since they were claimed. */
export const belongings = statement<{ lane: string; subject: string }>(
  'belongings',
  ({ isIn }) => `select lane, subject from deliveries where ${isIn('id', 1)}`,
)

/** Reads those of these deliveries that are still under way. */
export const readClaims = statement<Claim>(
  'read_claims',
  ({ isIn }) => `select id, event_id, lease, place, lane, subject, slot, counted_attempts, attempts, ordered,
    automation, target from deliveries where ${isIn('id', 1)} and lease is not null`,
)

/** The writes of one result. */
interface Ending {
  claim: Claim
  settlement: Settlement
  attempt: NewAttempt
  consequence: Consequence
}

/** The decisions about the results of attempts. */
export interface Decided {
  /** In the order of the results; null: the lease is no longer valid, since someone else has taken the delivery over. */
  endings: readonly (Ending | null)[]
  /** Subjects in which something waits for another attempt: an older delivery may come first now. */
  waiting: readonly string[]
}

const DROPPED: Consequence = { status: null, recovered: false, paused: null, resumed: false }

/**
 * Decides what attempts showed and what follows from it for each delivery and its lane. The caller holds the locks of
 * the lanes (opened in `lanes`) and subjects.
 *
 * @throws Interrupted when a delivery is in another lane than when the locks were taken
 */
export function decideAll(
  tx: Tx,
  { results, claims, lanes }: { results: readonly Finished[]; claims: readonly Claim[]; lanes: LaneBook },
): Decided {
  const by_lease = new Map(claims.map((claim) => [claim.lease, claim]))
  const endings = results.map((result) => {
    const claim = by_lease.get(result.lease)
    by_lease.delete(result.lease)
    if (claim?.id !== result.delivery_id) return null
    return decideOne(tx, { result: wholeMs(result), claim, lane: lanes.held(claim.lane) })
  })
  const again = endings.filter((ending) => ending?.settlement.status === 'pending')
  return { endings, waiting: again.flatMap((ending) => ending?.claim.subject ?? []) }
}

/** Times are whole ms in the store, whatever a server asked for. */
function wholeMs(result: Finished): Finished {
  const { retry_after_ms } = result
  return { ...result, retry_after_ms: retry_after_ms === null ? null : Math.ceil(retry_after_ms) }
}

function decideOne(
  tx: Tx,
  { result, claim, lane }: { result: Finished; claim: Claim; lane: OpenLane },
): Ending {
  const { class: kind, message, fix, lease, random } = result
  const before = stateOf(lane.after)
  const decided = decide(result, { attempts: claim.counted_attempts, lane: before, now: tx.now, random })
  const { outcome } = decided
  const { status } = outcome
  lane.after = withState(lane.after, decided.lane)
  const { pause, paused_until } = decided.lane
  return {
    claim,
    attempt: attemptOf(result, claim.attempts + 1),
    settlement: {
      id: claim.id,
      lease,
      status,
      due_at: outcome.status === 'pending' ? outcome.due_at : tx.now,
      counted: outcome.status !== 'pending' || outcome.counted,
      error: status === 'succeeded' ? null : { class: kind, message, fix },
    },
    consequence: {
      status,
      recovered: false,
      paused:
        pause === null || pause === before.pause ? null : { reason: pause, until: paused_until, message },
      resumed: before.pause !== null && pause === null && (kind === 'success' || kind === 'permanent'),
    },
  }
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

/** The effects of the results of attempts. */
export interface Written {
  /** In the order of the results. */
  consequences: Consequence[]
  superseded: Superseded[]
  /** Lanes of new heads. */
  promoted: string[]
  /** Subjects that need a new head. */
  subjects: string[]
}

/**
 * Parts results that must be written one after the other: of several in one slot, one that is to be tried again is
 * superseded by those that are told after it, since they are under way until then.
 */
export function inTurns(decided: Decided): Decided[] {
  const { endings, waiting } = decided
  const slots = endings.flatMap((ending) => ending?.claim.slot ?? [])
  if (waiting.length === 0 || new Set(slots).size === slots.length) return [decided]
  return endings.map((ending) => ({ endings: [ending], waiting }))
}

/** Puts together what parts of one heartbeat led to. */
export function together(parts: readonly Written[]): Written {
  return {
    consequences: parts.flatMap(({ consequences }) => consequences),
    superseded: parts.flatMap(({ superseded }) => superseded),
    promoted: parts.flatMap(({ promoted }) => promoted),
    subjects: parts.flatMap(({ subjects }) => subjects),
  }
}

/** Returns what writes the results, and what reads from the answers what came of it. */
export function finishing(
  tx: Tx,
  { endings }: Decided,
): { calls: Call[]; end: (answers: readonly unknown[][]) => Promise<Written> } {
  const all = endings.filter((ending) => ending !== null)
  if (all.length === 0) {
    const consequences = endings.map(() => DROPPED)
    return {
      calls: [],
      end: () => Promise.resolve({ consequences, superseded: [], promoted: [], subjects: [] }),
    }
  }
  const claimsThat = (...status: string[]) =>
    all.filter(({ settlement }) => status.includes(settlement.status)).map(({ claim }) => claim)
  const passed = claimsThat('succeeded')
  const inOrder = ({ ordered }: Claim) => ordered === 1
  const calls = [
    settleAll(
      all.map(({ settlement }) => settlement),
      tx.now,
    ),
    insertAttempts(all.map(({ attempt }) => attempt)),
    notePlaces(newestOf(passed).map(({ slot, place }) => ({ slot, place, noted_at: tx.now }))),
    supersedePassed(passed.filter(inOrder).map(placeOf), tx.now),
    noteFailing(tx, claimsThat('failed')),
    noteRecovered(passed),
    noteFailing(tx, lastFailed(all)),
    promoteNext(
      claimsThat('succeeded', 'failed')
        .filter(inOrder)
        .map(({ subject }) => ({ subject })),
    ),
  ]
  return {
    calls,
    async end(answers) {
      const [, , , gone, , recovered, , promoted] = answers as unknown as Answers
      const superseded = gone.flatMap((one) => {
        const event = passed.find(({ slot }) => slot === one.slot)
        return by(event?.event_id ?? '', [one]).superseded
      })
      const again = []
      for (const claim of claimsThat('pending')) again.push(await supersedeFailed(tx, claim))
      return {
        consequences: consequencesOf(endings, new Set(recovered.map(({ key }) => key))),
        superseded: [...superseded, ...again.flatMap((one) => one.superseded)],
        promoted: promoted.map(({ lane }) => lane),
        subjects: again.flatMap(({ subjects }) => subjects),
      }
    },
  }
}

type Answers = [
  ...[settled: unknown, attempts: unknown, noted: unknown, superseded: Gone[]],
  ...[failing: unknown, recovered: { key: string }[], failing_last: unknown, promoted: { lane: string }[]],
]

/** Whose last delivery failed, whatever those before it in the same heartbeat did. */
function lastFailed(endings: readonly Ending[]): Claim[] {
  const last = new Map(endings.map((ending) => [keyOf(ending.claim), ending]))
  return [...last.values()]
    .filter(({ settlement }) => settlement.status === 'failed')
    .map(({ claim }) => claim)
}

/** The newest of each slot: without order, several may have got through. */
function newestOf(claims: readonly Claim[]): Claim[] {
  const inOrder = claims.toSorted((one, other) => one.place - other.place)
  return [...new Map(inOrder.map((claim) => [claim.slot, claim])).values()]
}

const placeOf = ({ subject, slot, place }: Claim) => ({ subject, slot, place })

/** The first success of an automation and target after a failure tells of the recovery. */
function consequencesOf(endings: Decided['endings'], recovered: Set<string>): Consequence[] {
  return endings.map((ending) => {
    if (ending === null) return DROPPED
    const { claim, consequence } = ending
    if (consequence.status !== 'succeeded') return consequence
    return { ...consequence, recovered: recovered.delete(keyOf(claim)) }
  })
}
