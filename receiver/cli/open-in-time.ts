import type { Log } from '../observe/log.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'

/** How long to wait before each new try, in milliseconds; the last one counts for all that follow. */
const PAUSES_MS = [500, 1_000, 2_000, 5_000]

/** How long to wait for the store, and by what clock. */
export interface OpenInTimeOptions {
  /** How long to go on trying, in milliseconds. 0 tries once. */
  patience_ms: number
  log: Log
  /** Milliseconds of a clock that never jumps. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  /** Whether the process has been asked to stop: then no new try begins. */
  stopped: () => boolean
}

/**
 * Opens the store, and tries again while it is merely not there yet: a database that starts beside the receiver, a
 * former process that still drains, a disk that is full for a moment. Returns null where the process was asked to
 * stop meanwhile.
 * @throws StoreUnavailable when the patience ends; any other error of `open` at once.
 */
export async function openInTime(
  open: () => Promise<Store>,
  { patience_ms, log, now, sleep, stopped }: OpenInTimeOptions,
): Promise<Store | null> {
  const until = now() + patience_ms
  for (let tried = 0; !stopped(); tried++) {
    try {
      return await open()
    } catch (error) {
      const pause = PAUSES_MS[Math.min(tried, PAUSES_MS.length - 1)] ?? 0
      if (!(error instanceof StoreUnavailable) || now() + pause > until) throw error
      log.warn(
        { reason: error.message, fix: error.fix, again_in_ms: pause },
        'the store is not there yet: tried again',
      )
      await sleep(pause)
    }
  }
  return null
}
