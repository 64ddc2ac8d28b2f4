import type { Counts } from '../observe/metrics/counts.ts'
import type { Consequence } from '../store/records.ts'
import type { Attempt } from './attempt.ts'
import { timeOfEventId } from './ids.ts'

/** Counts an attempt, and how long its event waited where it got through. `now`: Unix ms of the machine's clock. */
export function countAttempt(
  counts: Pick<Counts, 'attempt' | 'delivered'>,
  { claim, result, finished }: Attempt,
  { status }: Consequence,
  now: number,
): void {
  counts.attempt({ destination: claim.type, class: result.class, duration_ms: finished.duration_ms })
  if (status === 'succeeded' && claim.redeliveries === 0)
    counts.delivered(now - timeOfEventId(claim.event_id))
}
