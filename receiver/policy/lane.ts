import type { Observation } from './outcome.ts'

/** Why a whole lane rests. */
export type PauseReason =
  /** The server's rate limit. */
  | 'limited'
  /** Our credentials are refused. */
  | 'credentials'
  /** Nobody gets through. */
  | 'outage'

/** What a lane remembers between attempts. */
export interface LaneState {
  paused_until: number
  pause: PauseReason | null
  pause_message: string | null
  /** How often in a row the same pause was renewed. */
  pauses: number
  /** Ambiguous answers in a row, and up to two of the subjects that met them. */
  streak: number
  streak_subjects: readonly string[]
}

/** A lane that has seen nothing yet. */
export const FRESH_LANE: Readonly<LaneState> = Object.freeze({
  paused_until: 0,
  pause: null,
  pause_message: null,
  pauses: 0,
  streak: 0,
  streak_subjects: [],
})

/** So many ambiguous answers in a row, from at least two subjects, are an outage. */
const OUTAGE_STREAK = 5
const OUTAGE_SUBJECTS = 2
/** Waits between probes of an outage, ms; the last one repeats. */
const OUTAGE_PROBES_MS = [30_000, 60_000, 120_000, 300_000]
/** Refused credentials are probed every five minutes. */
const CREDENTIALS_PROBE_MS = 300_000
/** A limit that names no time: a minute, then doubling (GitHub's own advice), at most an hour. */
const LIMIT_MS = 60_000
const LIMIT_MOST_MS = 3_600_000

/** The lane after one attempt, a pure function. `random` spreads what would wake together by up to a tenth. */
export function laneAfter(lane: LaneState, seen: Observation, now: number, random: number): LaneState {
  const spread = (ms: number) => Math.round(ms * (1 + 0.1 * random))
  switch (seen.class) {
    case 'success':
    case 'permanent':
      return { ...FRESH_LANE, paused_until: 0, streak_subjects: [] }
    case 'limited': {
      const pauses = lane.pause === 'limited' ? lane.pauses + 1 : 1
      const wait = seen.retry_after_ms ?? spread(Math.min(LIMIT_MS * 2 ** (pauses - 1), LIMIT_MOST_MS))
      return rest(lane, 'limited', seen.message, pauses, now + wait)
    }
    case 'credentials': {
      const pauses = lane.pause === 'credentials' ? lane.pauses + 1 : 1
      return rest(lane, 'credentials', seen.message, pauses, now + spread(CREDENTIALS_PROBE_MS))
    }
    case 'ambiguous': {
      const streak = lane.streak + 1
      const streak_subjects = [...new Set([...lane.streak_subjects, seen.subject])].slice(0, OUTAGE_SUBJECTS)
      const counted = { ...lane, streak, streak_subjects }
      if (streak < OUTAGE_STREAK || streak_subjects.length < OUTAGE_SUBJECTS) {
        return { ...counted, pause: null, pause_message: null, pauses: 0 }
      }
      const pauses = lane.pause === 'outage' ? lane.pauses + 1 : 1
      const wait = OUTAGE_PROBES_MS[Math.min(pauses, OUTAGE_PROBES_MS.length) - 1] ?? LIMIT_MS
      const until = now + Math.max(spread(wait), seen.retry_after_ms ?? 0)
      return rest(counted, 'outage', seen.message, pauses, until)
    }
  }
}

function rest(
  lane: LaneState,
  pause: PauseReason,
  pause_message: string,
  pauses: number,
  until: number,
): LaneState {
  return { ...lane, pause, pause_message, pauses, paused_until: Math.max(lane.paused_until, until) }
}
