import type { ModelEvent } from '../../src/contract/model-event.ts'
import { jsonText, parse } from '../store/json-text.ts'
import type { SettledLookup, TakenLookup } from '../store/lookup-records.ts'
import type { NewDelivery, NewEvent } from '../store/records.ts'
import type { Said } from './ask-about.ts'
import { enrich, isStale, withoutAnswer } from './enrich.ts'
import { lookupWait, MISSING_MS, STALE_TRIES } from './schedule.ts'

/** The deliveries of an event that was decided. */
export interface Matched {
  deliveries: readonly NewDelivery[]
  holder: NewEvent['holder']
  /** The automations that it was matched under, where replicas share them. */
  automations_version?: number
  /** The destinations, or why there are none. */
  message: string
}

/** A result on its way into the store. */
export interface Finished {
  record: SettledLookup
  event: ModelEvent
  /** For the log. */
  message: string
}

/** The facts that a decision is made by. */
export interface Circumstances {
  /** Whether the source is configured. */
  is_known: boolean
  /** The receiver ends: somebody else asks again at once. */
  is_ending: boolean
  /** Uniform in [0, 1). */
  random: number
  /** Matches an event of a configured source and plans its deliveries. */
  match: (event: ModelEvent, taken: TakenLookup) => Matched
}

/** Returns what becomes of an event by what its registry said: it is matched, ends here, or is asked about again. */
export function decide(taken: TakenLookup, said: Said, circumstances: Circumstances): Finished {
  const event = parse(taken.event)
  if ('found' in said) {
    const { found } = said
    if (found === null) return matched(taken, event, circumstances)
    const enriched = enrich(event, found)
    if (!isStale(event, found)) return matched(taken, enriched, circumstances)
    if (mayBeLate(taken, event))
      return again(taken, lookupWait(taken.tries + 1, circumstances.random, null), lateMessage(event))
    return ended({ taken, event: enriched }, 'stale', leftMessage(event))
  }
  const { message, missing, retry_after_ms } = said.trouble
  const { is_known, is_ending, random } = circumstances
  if (is_ending) return again(taken, 0, taken.last_error)
  const isOver = taken.overdue || (missing && taken.waited_ms >= MISSING_MS)
  // The registry's word on the alias counts until it says something else.
  const wasLate = taken.last_error === lateMessage(event)
  const wait_ms = lookupWait(taken.tries + 1, random, retry_after_ms)
  if (!isOver) return again(taken, wait_ms, wasLate ? taken.last_error : message)
  if (wasLate) return ended({ taken, event }, 'stale', leftMessage(event))
  const reason = taken.overdue ? (taken.last_error ?? message) : message
  return taken.required || !is_known
    ? failed(taken, reason)
    : matched(taken, withoutAnswer(event, reason), circumstances)
}

/**
 * Whether a registry that does not show a new alias may only be behind: what answers can be a replica or a cache that has
 * not heard of it yet. A replay tells of a change that is long over.
 */
function mayBeLate({ tries, waited_ms, overdue }: TakenLookup, { replay_of }: ModelEvent): boolean {
  return replay_of === null && !overdue && tries < STALE_TRIES && waited_ms < MISSING_MS
}

/** Returns the end of an event about which nothing was learned: it is matched with nothing. */
export function failed(taken: TakenLookup, reason: string): Finished {
  const event = withoutAnswer(parse(taken.event), reason)
  return ended({ taken, event }, 'lookup_failed', `Nothing was sent, since the look-up failed: ${reason}.`)
}

function matched(taken: TakenLookup, event: ModelEvent, { match }: Circumstances): Finished {
  const { deliveries, message, ...more } = match(event, taken)
  const { event_id, lease } = taken
  const status = deliveries.length > 0 ? 'matched' : 'unmatched'
  const record = {
    event_id,
    lease,
    outcome: 'done',
    status,
    event: jsonText(event),
    deliveries,
    ...more,
  } as const
  return { record, event, message }
}

function ended(
  { taken: { event_id, lease }, event }: { taken: TakenLookup; event: ModelEvent },
  status: 'stale' | 'lookup_failed',
  message: string,
): Finished {
  const rest = { event: jsonText(event), holder: null, deliveries: [] }
  return { record: { event_id, lease, outcome: 'done', status, ...rest }, event, message }
}

function again({ event_id, lease, event }: TakenLookup, wait_ms: number, error: string | null): Finished {
  return {
    record: { event_id, lease, outcome: 'again', wait_ms, error },
    event: parse(event),
    message: error ?? '',
  }
}

function lateMessage({ change, model }: ModelEvent): string {
  return `the registry does not show the alias ${change.alias ?? ''} on this version of ${model?.name ?? 'the model'} yet`
}

function leftMessage({ change, model }: ModelEvent): string {
  return `Nothing was sent: the alias ${change.alias ?? ''} is no longer on this version of ${model?.name ?? 'the model'}.`
}
