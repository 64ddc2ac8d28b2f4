import type { Observation } from './attempt.ts'

/** How a lane may be used. Kept in the store, so that every replica goes by it. */
export interface LanePolicy {
  /** At most so many requests at a time. */
  concurrency: number
  /** Least time between two requests, ms; 0 means no pace. */
  interval_ms: number
}

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
/** Probes of an outage: after half a minute, then doubling, at most every five minutes. */
const OUTAGE_PROBES = { first_ms: 30_000, most_ms: 300_000 }
/** Refused credentials are probed every five minutes. */
const CREDENTIALS_PROBE_MS = 300_000
/**
 * A limit that names no time: a minute, then doubling. One that is met again when it should be over rests as long,
 * whatever it names: GitHub asks to wait exponentially longer (docs: "Rate limits for the REST API"). At most just
 * under an hour, so that a tenth more stays below the 65 minutes that any answer of GitHub may ask for.
 */
const LIMIT_WAITS = { first_ms: 60_000, most_ms: 59 * 60_000 }

/** The lane after one attempt, a pure function. `random` spreads what would wake together by up to a tenth. */
export function laneAfter(lane: LaneState, seen: Observation, now: number, random: number): LaneState {
  const spread = (ms: number) => Math.round(ms * (1 + 0.1 * random))
  switch (seen.class) {
    case 'success':
    case 'permanent':
      return { ...FRESH_LANE, paused_until: 0, streak_subjects: [] }
    case 'limited': {
      const pauses = limitPauses(lane, now)
      const unnamed = spread(doubling(LIMIT_WAITS, pauses))
      const named = seen.retry_after_ms
      const wait = named === null ? unnamed : pauses === 1 ? named : Math.max(named, unnamed)
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
      const until = now + Math.max(spread(doubling(OUTAGE_PROBES, pauses)), seen.retry_after_ms ?? 0)
      return rest(counted, 'outage', seen.message, pauses, until)
    }
  }
}

/** How often in a row it is limited. Of requests that were under way together, all count as one. */
function limitPauses({ pause, pauses, paused_until }: LaneState, now: number): number {
  if (pause !== 'limited') return 1
  return paused_until > now ? pauses : pauses + 1
}

/** The wait of the nth time, from 1. */
function doubling({ first_ms, most_ms }: { first_ms: number; most_ms: number }, nth: number): number {
  return Math.min(first_ms * 2 ** (nth - 1), most_ms)
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
