import type { AutomationSpec } from '../automations/automation.ts'
import type { DeliveryInput, Sender } from '../destinations/destination.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { jsonText, parse } from '../store/json-text.ts'
import type { Claimed, Finished } from '../store/records.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { withTimeLimit } from './time-limit.ts'

/** How long an attempt may take in all, in ms (GitHub itself cuts at 10 s). */
export const ATTEMPT_MS = 15_000

/** An attempt that has been made. */
export interface Attempt {
  claim: Claimed
  result: AttemptResult
  finished: Finished
  /** When it ended, ms of `performance.now()`. */
  made_at: number
}

/** The means of an attempt. */
export interface AttemptContext {
  /** The destinations of today's configuration. */
  senders: () => ReadonlyMap<string, Sender>
  clock: Clock
  log: Log
  /** Uniform in [0, 1): the jitter. */
  random: () => number
}

/** Tries a claimed delivery once, and logs how it went. Never throws. */
export async function makeAttempt(claim: Claimed, context: AttemptContext): Promise<Attempt> {
  const { clock, log, random } = context
  const at = clock.wall()
  const began = performance.now()
  const result = await send(claim, context.senders().get(claim.type))
  const duration_ms = Math.round(performance.now() - began)
  logAttempt(log, claim, result, duration_ms)
  const { request, ...seen } = result
  const { id: delivery_id, lane, subject, lease } = claim
  const finished = { ...seen, delivery_id, lane, subject, lease, at, duration_ms, random: random() }
  return {
    claim,
    result,
    finished: { ...finished, request: jsonText(request) },
    made_at: began + duration_ms,
  }
}

async function send(claim: Claimed, sender: Sender | undefined): Promise<AttemptResult> {
  if (sender === undefined) return broken(`no destination of type "${claim.type}" is available`)
  try {
    return await withTimeLimit(ATTEMPT_MS, (signal) => sender.send(toInput(claim), signal))
  } catch (error) {
    return broken(reasonOf(error))
  }
}

/** Returns what the destination gets of a claimed delivery. */
function toInput(claim: Claimed): DeliveryInput {
  const spec = parse(claim.spec) as AutomationSpec
  return {
    delivery_id: claim.id,
    redelivery: claim.redeliveries,
    automation: claim.automation,
    event: parse(claim.event),
    flat: claim.context.flat,
    dispatch_type: claim.context.dispatch_type,
    client_payload: claim.context.client_payload,
    subject_key: claim.subject,
    dedupe_key: claim.dedupe_key,
    settings: spec.destinations[claim.position],
  }
}

/** Returns the result for a fault of our own: trying the same again cannot help. */
function broken(message: string): AttemptResult {
  return {
    class: 'permanent',
    status: null,
    message: `This delivery could not be made: ${message}.`,
    fix: 'Report this with the log line of this attempt, then redeliver it.',
    request: { method: '', url: '', body: '' },
    response: null,
    retry_after_ms: null,
  }
}

function logAttempt(log: Log, claim: Claimed, result: AttemptResult, duration_ms: number): void {
  const level = result.class === 'success' ? 'info' : 'warn'
  log[level](
    {
      event_id: claim.event_id,
      delivery_id: claim.id,
      automation: claim.automation,
      destination: claim.type,
      target: claim.target,
      lane: claim.lane,
      attempt: claim.counted_attempts + 1,
      class: result.class,
      status: result.status,
      duration_ms,
      ...(result.message === '' ? {} : { reason: result.message, fix: result.fix }),
    },
    'attempt',
  )
}
