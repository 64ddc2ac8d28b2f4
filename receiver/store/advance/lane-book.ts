import type { LaneState } from '../../policy/lane.ts'
import { Interrupted } from '../db.ts'
import { jsonText, parse } from '../json-text.ts'
import { NEVER, type LaneRow } from '../tables/lanes.ts'

/** A lane that this heartbeat holds locked, as it becomes. */
export interface OpenLane {
  /** As the store has it. */
  readonly before: LaneRow
  after: LaneRow
}

/**
 * The lanes that one heartbeat has changed or looked at. Each is written once, at its end, with its wake time; a look
 * that changes nothing writes nothing, since that would cost an fsync.
 */
export class LaneBook {
  private readonly lanes = new Map<string, OpenLane>()

  /** Opens a lane as it was just read, or returns it as this heartbeat has left it so far. */
  open(row: LaneRow): OpenLane {
    const known = this.lanes.get(row.lane)
    if (known !== undefined) return known
    const opened = { before: row, after: { ...row } }
    this.lanes.set(row.lane, opened)
    return opened
  }

  /**
   * Returns a lane that is locked.
   *
   * @throws Interrupted when it is not: the delivery in it was in another lane when the locks were taken
   */
  held(name: string): OpenLane {
    const lane = this.lanes.get(name)
    if (lane === undefined) throw new Interrupted(`A lane has got the name ${name} meanwhile.`)
    return lane
  }

  /** Returns the open lanes that neither pace nor pause keeps closed at `now`. */
  ready(now: number): string[] {
    const open = [...this.lanes.values()].filter(
      ({ after }) => after.next_at <= now && after.paused_until <= now,
    )
    return open.map(({ after }) => after.lane)
  }

  /**
   * Returns the open lanes as they are to be written. Of those in `looked` that have no slot free, nothing is claimed until
   * an attempt ends.
   */
  used(looked: readonly { open: OpenLane; free: number }[]) {
    const full = new Set(looked.filter(({ free }) => free <= 0).map(({ open }) => open))
    return [...this.lanes.values()].map((open) => {
      const { lane, next_at, paused_until, pause, pause_message, pauses, streak, streak_subjects, cursor } =
        open.after
      const changed = WRITTEN.some((column) => open.before[column] !== open.after[column])
      return {
        ...{ lane, next_at, paused_until, pause, pause_message, pauses, streak, streak_subjects, cursor },
        wake_at: full.has(open) ? NEVER : null,
        changed: changed ? 1 : 0,
      }
    })
  }
}

/** The columns that a heartbeat changes, but for the wake time. */
const WRITTEN = [
  'next_at',
  'paused_until',
  'pause',
  'pause_message',
  'pauses',
  'streak',
  'streak_subjects',
  'cursor',
] as const

/** Returns what a lane remembers between attempts. */
export function stateOf(row: LaneRow): LaneState {
  const { paused_until, pause, pause_message, pauses, streak, streak_subjects } = row
  return { paused_until, pause, pause_message, pauses, streak, streak_subjects: parse(streak_subjects) }
}

/** Returns the lane with what it remembers from now on. */
export function withState(row: LaneRow, state: LaneState): LaneRow {
  return { ...row, ...state, streak_subjects: jsonText(state.streak_subjects) }
}
