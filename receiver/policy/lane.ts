import type { Observation } from './attempt.ts'

/** How a lane may be used. The store keeps it, so that every replica follows it. */
export interface LanePolicy {
  /** How many requests may be in flight at a time. */
  concurrency: number
  /** The least time between two requests, in ms; 0 means no pace. */
  interval_ms: number
}

/** Why a whole lane is paused. */
export type PauseReason =
  /** The server's rate limit. */
  | 'limited'
  /** Our credentials are refused. */
  | 'credentials'
  /** The server is away: requests of several subjects fail. */
  | 'outage'

/** The state of a lane between attempts. */
export interface LaneState {
  paused_until: number
  pause: PauseReason | null
  pause_message: string | null
  /** How often in a row the lane was paused for this reason. */
  pauses: number
  /** How many ambiguous answers came in a row, and up to two of their subjects. */
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

/** How many ambiguous answers in a row, and from how many subjects, are an outage. */
const OUTAGE_STREAK = 5
const OUTAGE_SUBJECTS = 2
/** The waits between probes of an outage: half a minute, then doubling up to five minutes. */
const OUTAGE_PROBES = { first_ms: 30_000, most_ms: 300_000 }
/** Refused credentials are probed every five minutes. */
const CREDENTIALS_PROBE_MS = 300_000
/**
 * The waits for a limit that names no time: a minute, then doubling. A limit that is met again after its time pauses
 * the lane as long, whatever time it names: GitHub asks to wait exponentially longer (docs: "Rate limits for the REST
 * API"). The longest is just under an hour: a tenth more stays below the 65 minutes that an answer of GitHub may ask for.
 */
const LIMIT_WAITS = { first_ms: 60_000, most_ms: 59 * 60_000 }

/** Returns the state of the lane after one attempt. `random` spreads wake times that would coincide by up to a tenth. */
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
      return paused(lane, { pause: 'limited', pause_message: seen.message, pauses }, now + wait)
    }
    case 'credentials': {
      const pauses = lane.pause === 'credentials' ? lane.pauses + 1 : 1
      const until = now + spread(CREDENTIALS_PROBE_MS)
      return paused(lane, { pause: 'credentials', pause_message: seen.message, pauses }, until)
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
      return paused(counted, { pause: 'outage', pause_message: seen.message, pauses }, until)
    }
  }
}

/** Returns how often in a row the lane is limited. Requests that were in flight together count as one. */
function limitPauses({ pause, pauses, paused_until }: LaneState, now: number): number {
  if (pause !== 'limited') return 1
  return paused_until > now ? pauses : pauses + 1
}

/** Returns the nth wait in ms, counted from 1. */
function doubling({ first_ms, most_ms }: { first_ms: number; most_ms: number }, nth: number): number {
  return Math.min(first_ms * 2 ** (nth - 1), most_ms)
}

type Pause = Pick<LaneState, 'pause' | 'pause_message' | 'pauses'>

function paused(lane: LaneState, pause: Pause, until: number): LaneState {
  return { ...lane, ...pause, paused_until: Math.max(lane.paused_until, until) }
}
