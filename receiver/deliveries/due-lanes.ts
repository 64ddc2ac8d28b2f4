/** The longest that a paused lane is left alone while something comes into it, in ms: its pause may be cut short. */
const LONGEST_PAUSE_MS = 1_000

/**
 * The lanes that the next look into the store must include whatever their wake time says, without those that can
 * wait for the end of a pause: otherwise the store would be asked about a busy lane for every event that enters it.
 */
export interface DueLanes {
  /** Adds lanes that something was put into. Returns whether one of them can be looked at now. */
  add(lanes: Iterable<string>): boolean
  /** Removes and returns the lanes that can be looked at now. */
  take(): string[]
  /**
   * Pauses lanes for the times that a look found, in ms. The lanes in `ended` are left alone: an attempt in them has
   * ended since, so what was found is out of date.
   */
  pause(found: ReadonlyMap<string, number>, ended: ReadonlySet<string>): void
  /** Ends the pause of a lane, since an attempt in it has ended, and adds the lane. */
  wake(lane: string): void
  /** Returns how long until the first pause of an added lane ends, in ms; Infinity where no added lane is paused. */
  next_ms(): number
}

/** Returns an empty set. `now` gives ms of a clock that never jumps. */
export function createDueLanes(now: () => number): DueLanes {
  const due = new Set<string>()
  /** Added while they were paused. */
  const waiting = new Set<string>()
  const paused_until = new Map<string, number>()
  const pauseOf = (lane: string) => Math.max(0, (paused_until.get(lane) ?? 0) - now())

  return {
    add(lanes) {
      let any = false
      for (const lane of lanes) {
        const is_paused = pauseOf(lane) > 0
        if (is_paused) waiting.add(lane)
        else due.add(lane)
        any ||= !is_paused
      }
      return any
    },
    take() {
      const taken = [...due, ...[...waiting].filter((lane) => pauseOf(lane) === 0 && !due.has(lane))]
      due.clear()
      for (const lane of taken) waiting.delete(lane)
      return taken
    },
    pause(found, ended) {
      const at = now()
      for (const [lane, until] of paused_until) if (until <= at) paused_until.delete(lane)
      for (const [lane, ms] of found) {
        if (ms > 0 && !ended.has(lane)) paused_until.set(lane, at + Math.min(ms, LONGEST_PAUSE_MS))
      }
    },
    wake(lane) {
      paused_until.delete(lane)
      waiting.delete(lane)
      due.add(lane)
    },
    next_ms: () => Math.min(Infinity, ...[...waiting].map(pauseOf)),
  }
}
