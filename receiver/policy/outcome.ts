import type { Observation } from './attempt.ts'
import { laneAfter, type LaneState } from './lane.ts'
import { retryWait } from './retry.ts'

/** The state of a delivery after an attempt. */
export type Outcome =
  | { status: 'succeeded' }
  | { status: 'failed' }
  /** Tried again at `due_at`; `counted`: the attempt counts against the schedule. */
  | { status: 'pending'; due_at: number; counted: boolean }

/** Where a delivery and its lane stand before an attempt is decided on. */
export interface Standing {
  /** The counted attempts before this one. */
  attempts: number
  lane: LaneState
  now: number
  /** Uniform in [0, 1). */
  random: number
}

/** Decides what an attempt means for its delivery and its lane: the engine's one decision. */
export function decide(
  seen: Observation,
  { attempts, lane, now, random }: Standing,
): { outcome: Outcome; lane: LaneState } {
  const after = laneAfter(lane, seen, now, random)
  switch (seen.class) {
    case 'success':
      return { outcome: { status: 'succeeded' }, lane: after }
    case 'permanent':
      return { outcome: { status: 'failed' }, lane: after }
    case 'limited':
    case 'credentials':
      return { outcome: { status: 'pending', due_at: now, counted: false }, lane: after }
    case 'ambiguous': {
      // During an outage attempts are probes, and no delivery spends its schedule on them.
      const outage = after.pause === 'outage'
      if (outage) return { outcome: { status: 'pending', due_at: now, counted: false }, lane: after }
      const wait = retryWait(attempts + 1, random)
      if (wait === null) return { outcome: { status: 'failed' }, lane: after }
      const due_at = now + Math.max(wait, seen.retry_after_ms ?? 0)
      return { outcome: { status: 'pending', due_at, counted: true }, lane: after }
    }
  }
}
