import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { saveRevisions, type Runtime } from '../runtime/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Backlog } from './backlog.ts'
import type { Silences } from './silences.ts'

const BACKLOG_EVERY_MS = 10_000
const WAKE_EVERY_MS = 30_000
/** Also how long a silence is told late at most, in ms. */
const SILENCES_EVERY_MS = 60_000
const SWEEP_EVERY_MS = 10 * 60_000
/** Between two batches of a sweep, in ms, so that ingest goes first. */
const SWEEP_PAUSE_MS = 50
/**
 * A start so long after the last note of the time is either one after a long rest, or one on a wrong clock, by which all
 * would be past keeping. Nothing is deleted for as long, so that there is time to notice.
 */
const LONG_REST_MS = 24 * 3_600_000

/** The engine's housekeeping. */
export interface Upkeep {
  /** Ends it; a batch under way finishes. */
  stop(): void
}

/** The means of housekeeping. */
export interface UpkeepOptions {
  store: Store
  runtime: () => Pick<Runtime, 'config' | 'automations'>
  clock: Clock
  log: Log
  backlog: Backlog
  /** The latest time that an earlier process noted, in Unix ms; 0 where there was none. */
  last_seen: number
  /** Looks for sources that send nothing. */
  silences: Silences
  /** Makes the engine look into every lane. */
  wake: () => void
}

/** Returns from when on rows may be deleted, in Unix ms of the steady clock, and says so where that is not now. */
function deletesFrom({ clock, log, last_seen }: UpkeepOptions): number {
  const now = clock.steady()
  if (last_seen === 0 || now - last_seen <= LONG_REST_MS) return now
  const [until, seen] = [now + LONG_REST_MS, last_seen].map((at) => new Date(at).toISOString())
  const fix = "If the machine's clock is wrong, set it right and restart."
  log.warn(
    { last_seen: seen, until, fix },
    'retention: nothing is deleted for a day: no time was noted for so long',
  )
  return now + LONG_REST_MS
}

/** Starts to count the backlog, to delete what is past keeping, and to look for lanes whose wake time was lost. */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { store, runtime, clock, log, backlog, silences, wake } = options
  const deletes_from = deletesFrom(options)
  let stopped = false
  const guard = (work: () => Promise<unknown>) => () => {
    work().catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, 'upkeep failed; it runs again')
    })
  }
  const wakeLost = async () => {
    const woken = await store.wakeLanes({ now: clock.steady() })
    if (woken === 0) return
    log.warn({ lanes: woken }, 'lanes had work and no wake time: woken')
    wake()
  }
  const sweep = async () => {
    // The texts of the automations that are in force are kept.
    await saveRevisions(runtime(), store, clock)
    const now = clock.steady()
    if (now < deletes_from) return
    let gone = 0
    for (let is_done = false; !is_done && !stopped;) {
      const swept = await store.sweep({ ...runtime().config.retention, now })
      gone += swept.gone
      is_done = swept.is_done
      await new Promise((resolve) => setTimeout(resolve, SWEEP_PAUSE_MS))
    }
    if (gone > 0) log.info({ rows: gone }, 'retention: old rows deleted')
  }
  const timers = [
    setInterval(() => void backlog.count(), BACKLOG_EVERY_MS),
    setInterval(guard(wakeLost), WAKE_EVERY_MS),
    setInterval(guard(sweep), SWEEP_EVERY_MS),
    setInterval(guard(silences.check), SILENCES_EVERY_MS),
  ]
  void backlog.count()
  guard(wakeLost)()
  guard(silences.check)()
  return {
    stop() {
      stopped = true
      for (const timer of timers) clearInterval(timer)
    },
  }
}
