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
  /** Resolves when the process is asked to stop: then nothing is waited for any more. */
  asked: Promise<unknown>
}

/**
 * Opens the store, and tries again while it is merely not there yet: a database that starts beside the receiver, a
 * former process that still drains, a disk that is full for a moment. Returns null where the process was asked to
 * stop meanwhile, also while a try hangs: on a network file system it may do so for ever.
 * @throws StoreUnavailable when the patience ends; any other error of `open` at once.
 */
export async function openInTime(
  open: () => Promise<Store>,
  { patience_ms, log, now, sleep, asked }: OpenInTimeOptions,
): Promise<Store | null> {
  const until = now() + patience_ms
  const stop = asked.then(() => null)
  for (let tried = 0; ; tried++) {
    try {
      return await Promise.race([open(), stop])
    } catch (error) {
      const pause = PAUSES_MS[Math.min(tried, PAUSES_MS.length - 1)] ?? 0
      if (!(error instanceof StoreUnavailable) || now() + pause > until) throw error
      log.warn(
        { reason: error.message, fix: error.fix, again_in_ms: pause },
        'the store is not there yet: tried again',
      )
      if ((await Promise.race([sleep(pause), stop])) === null) return null
    }
  }
}
