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

export const SYSTEM_CLOCK: Clock = {
  wall: () => Date.now(),
  steady: () => Math.round(performance.timeOrigin + performance.now()),
}
