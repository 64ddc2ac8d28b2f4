/** A lane that rests is looked at no more often than this for what comes into it, ms: its rest may be cut short. */
const REST_MS = 1_000

/**
 * Which lanes the next look into the store must look at whatever their alarm says, and which it needn't before their
 * rest is over: a busy lane would be asked about with every event that comes into it.
 */
export interface LanesToLookAt {
  /** Something was put into these lanes. Tells whether one of them can be looked at now. */
  call(lanes: Iterable<string>): boolean
  /** Takes those that can be looked at now. */
  take(): string[]
  /** What a look found, in ms; for the lanes in `ended` an attempt has ended since, so that is out of date. */
  rest(found: ReadonlyMap<string, number>, ended: ReadonlySet<string>): void
  /** An attempt in this lane has ended: it must be looked at now. */
  rouse(lane: string): void
  /** How long until the first rest of a called lane is over, ms; Infinity where none that rests was called. */
  next_ms(): number
}

/** `now` gives ms of a clock that never jumps. */
export function createLanesToLookAt(now: () => number): LanesToLookAt {
  const due = new Set<string>()
  /** Called while they rested. */
  const resting = new Set<string>()
  const rests = new Map<string, number>()
  const restOf = (lane: string) => Math.max(0, (rests.get(lane) ?? 0) - now())

  return {
    call(lanes) {
      let any = false
      for (const lane of lanes) {
        const rests_on = restOf(lane) > 0
        if (rests_on) resting.add(lane)
        else due.add(lane)
        any ||= !rests_on
      }
      return any
    },
    take() {
      const taken = [...due, ...[...resting].filter((lane) => restOf(lane) === 0 && !due.has(lane))]
      due.clear()
      for (const lane of taken) resting.delete(lane)
      return taken
    },
    rest(found, ended) {
      const at = now()
      for (const [lane, until] of rests) if (until <= at) rests.delete(lane)
      for (const [lane, ms] of found) {
        if (ms > 0 && !ended.has(lane)) rests.set(lane, at + Math.min(ms, REST_MS))
      }
    },
    rouse(lane) {
      rests.delete(lane)
      resting.delete(lane)
      due.add(lane)
    },
    next_ms: () => Math.min(Infinity, ...[...resting].map(restOf)),
  }
}
