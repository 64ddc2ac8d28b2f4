import type { LaneState, PauseReason } from './lane.ts'

/** The facts about a delivery that waits. Times are Unix ms. */
export interface Waiting {
  /** Whether it is the first unfinished delivery of its subject. */
  is_head: boolean
  due_at: number
  /** Its lane; null where it has none. */
  lane: (Pick<LaneState, 'paused_until' | 'pause' | 'pause_message'> & { next_at: number }) | null
}

/** The reason why a delivery waits, as a sentence, and until when; null where no time is known. */
export interface WaitingFor {
  reason: string
  until: number | null
}

const PAUSES: Readonly<Record<PauseReason, string>> = {
  limited: 'Its lane is paused, since the server limits it.',
  credentials: 'Its lane is paused, since the credentials are refused. Changed ones are tried at once.',
  outage: 'Its lane is paused, since no request gets through.',
}

/** Returns what a pending delivery waits for. */
export function waitingFor({ is_head, due_at, lane }: Waiting, now: number): WaitingFor {
  if (!is_head) return { reason: 'An older delivery of its subject must end first.', until: null }
  if (lane?.pause != null && lane.paused_until > now) {
    const reason = `${PAUSES[lane.pause]} ${lane.pause_message ?? ''}`.trimEnd()
    return { reason, until: Math.max(lane.paused_until, due_at) }
  }
  if (due_at > now)
    return { reason: 'It is tried again after an attempt that did not succeed.', until: due_at }
  if (lane !== null && lane.next_at > now)
    return { reason: 'Its lane keeps a pace between requests.', until: lane.next_at }
  return { reason: 'Other deliveries of its lane are before it.', until: null }
}
