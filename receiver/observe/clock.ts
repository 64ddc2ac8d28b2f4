/** The receiver's two times. Tests put in their own. */
export interface Clock {
  /** Returns Unix ms as the machine's clock says: what people are shown. */
  wall(): number
  /**
   * Returns Unix ms that never jump: what schedules, leases and paces go by. The steady clock starts at the wall clock
   * and then only counts, so that a clock set forward or back by an hour neither floods nor stalls anything.
   */
  steady(): number
}

/**
 * How far behind the latest noted time the machine's clock may be for that time to count, in ms. A clock that was set
 * back by more was wrong before: going on behind it would put every age and every time that is shown off by as much.
 */
const MOST_AHEAD_MS = 24 * 3_600_000

/**
 * Returns the machine's clocks. `floor` is the latest time that an earlier process noted: the steady clock starts no
 * earlier, so that a clock set back between two processes does not put every retry off.
 */
export function systemClock(floor: number): Clock {
  const behind = floor - Date.now()
  const ahead = behind > 0 && behind <= MOST_AHEAD_MS ? behind : 0
  const start = Date.now() - performance.now() + ahead
  return { wall: () => Date.now(), steady: () => Math.round(start + performance.now()) }
}
