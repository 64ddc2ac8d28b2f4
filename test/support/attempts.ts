import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { Advanced, Claimed, Finished } from '../../receiver/store/records.ts'

/** What a destination gives for one attempt: success, with the parts replaced. */
export function attemptResult(parts: Partial<AttemptResult> = {}): AttemptResult {
  const request = { method: 'POST', url: '', body: '' }
  const success = { class: 'success', status: 204, message: '', fix: '', response: '' } as const
  return { ...success, request, retry_after_ms: null, ...parts }
}

/** What the engine writes about an attempt under this claim: success, with the parts replaced. */
export function finishedAttempt(
  { id, lane, subject, lease }: Claimed,
  parts: Partial<Finished> & Pick<Finished, 'at'>,
): Finished {
  return {
    delivery_id: id,
    lane,
    subject,
    lease,
    duration_ms: 5,
    class: 'success',
    status: 204,
    message: '',
    fix: '',
    request: jsonText({ method: '', url: '', body: '' }),
    response: '',
    retry_after_ms: null,
    random: 0.5,
    ...parts,
  }
}

/** What the store says to an engine that has nothing to do. */
export const NOTHING_TO_DO: Advanced = {
  claimed: [],
  consequences: [],
  given_up: [],
  superseded: [],
  blocked_ms: new Map(),
  missed: [],
  wait_ms: Infinity,
}
