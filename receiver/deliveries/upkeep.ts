import type { Config } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import { reasonOf } from '../observe/reason-of.ts'

const BACKLOG_EVERY_MS = 10_000
/** Between two counts while events are being turned away: whoever comes again must not wait for the slow count. */
const BACKLOG_FULL_EVERY_MS = 1_000
const WAKE_EVERY_MS = 30_000
const SWEEP_EVERY_MS = 10 * 60_000
/** Between two batches of a sweep, so that ingest goes first. */
const SWEEP_PAUSE_MS = 50

export interface Upkeep {
  /** Whether `limits.backlog` leaves room for one more event; counted now and then, added up in between. */
  roomLeft(): boolean
  /** So many deliveries were accepted since. */
  added(deliveries: number): void
  stop(): void
}

/** The engine's housekeeping: counts the backlog, deletes what is past keeping, looks for lost alarms. */
export function startUpkeep(
  store: Store,
  config: () => Config,
  clock: Clock,
  log: Log,
  wake: () => void,
): Upkeep {
  let backlog = 0
  let counted_at = 0
  let stopped = false
  const guard = (work: () => Promise<unknown>) => () => {
    work().catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, 'upkeep failed; it runs again')
    })
  }
  const count = async () => {
    counted_at = clock.steady()
    backlog = await store.backlog({ most: config().limits.backlog + 1 })
  }
  const wakeLost = async () => {
    const woken = await store.wakeLanes({ now: clock.steady() })
    if (woken > 0) {
      log.warn({ lanes: woken }, 'lanes had work and no alarm: woken')
      wake()
    }
  }
  const sweep = async () => {
    const now = clock.steady()
    let gone = 0
    for (let n = -1; n !== 0 && !stopped;) {
      n = await store.sweep({ ...config().retention, now })
      gone += n
      await new Promise((resolve) => setTimeout(resolve, SWEEP_PAUSE_MS))
    }
    if (gone > 0) log.info({ rows: gone }, 'retention: old rows deleted')
  }
  const timers = [
    setInterval(guard(count), BACKLOG_EVERY_MS),
    setInterval(guard(wakeLost), WAKE_EVERY_MS),
    setInterval(guard(sweep), SWEEP_EVERY_MS),
  ]
  guard(count)()
  guard(wakeLost)()
  return {
    roomLeft() {
      if (backlog < config().limits.backlog) return true
      if (clock.steady() - counted_at >= BACKLOG_FULL_EVERY_MS) guard(count)()
      return false
    },
    added(deliveries) {
      backlog += deliveries
    },
    stop() {
      stopped = true
      for (const timer of timers) clearInterval(timer)
    },
  }
}
