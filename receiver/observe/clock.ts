/** The receiver's two times. Tests put in their own. */
export interface Clock {
  /** Unix ms as the machine's clock says: what people are shown. */
  wall(): number
  /**
   * Unix ms that never jumps: what schedules, leases and paces go by. It starts at the wall clock and then only
   * counts, so that a clock set forward or back by an hour neither floods nor stalls anything.
   */
  steady(): number
}

/**
 * The machine's clocks. `floor` is the latest time that an earlier process noted: the steady clock starts no
 * earlier, so that a clock set back between two processes doesn't put every retry off.
 */
export function systemClock(floor: number): Clock {
  const ahead = Math.max(0, floor - Date.now())
  const start = Date.now() - performance.now() + ahead
  return { wall: () => Date.now(), steady: () => Math.round(start + performance.now()) }
}
