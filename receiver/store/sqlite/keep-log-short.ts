import type { Log } from '../../observe/log.ts'
import { reasonOf } from '../../observe/reason-of.ts'
import type { LogLength } from './calls.ts'
import { LOG_FRAMES, MOST_LOG_FRAMES, PAGE_BYTES } from './database.ts'

/** How often the log is looked at while something is written, in ms. More often, the same pages are written again and again. */
const EVERY_MS = 500
/** Fewer frames are not worth the work. */
const WORTH_FRAMES = 500
/** A log that stays too long is logged once in this time, in ms. */
const LOGGED_EVERY_MS = 60_000

/** Keeps the log short. */
export interface LogKeeper {
  /** Something was written. */
  wrote(): void
  /** Ends it; what is under way finishes first. */
  stop(): Promise<void>
}

/** The means to keep the log short. */
export interface LogKeeperOptions {
  /** Tells how long the log is, in the thread that writes. */
  length: () => Promise<LogLength>
  /** Writes what is in the log into the database, in another thread than the one that writes. */
  checkpoint: () => Promise<LogLength>
  /** Does the same in the thread that writes, which then begins the log anew. */
  finish: () => Promise<LogLength>
  log: Pick<Log, 'warn'> | undefined
}

/**
 * Keeps SQLite's log short while the store is written, without holding up those who write: another thread writes what is
 * in the log into the database. Only the little that came meanwhile is left to the writer, and only when the log is long
 * enough to begin anew. (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files)
 */
export function keepLogShort({ length, checkpoint, finish, log }: LogKeeperOptions): LogKeeper {
  let timer: NodeJS.Timeout | null = null
  let stopped = false
  let under_way: Promise<void> = Promise.resolve()
  let logged_at = -Infinity

  const warn = (fields: Record<string, unknown>) => {
    const now = performance.now()
    if (now - logged_at < LOGGED_EVERY_MS) return
    logged_at = now
    log?.warn(fields, 'the log of the database grows: it could not be written into the database')
  }
  const shorten = async (): Promise<void> => {
    const before = await length()
    if (before.left < WORTH_FRAMES) return
    await checkpoint()
    if (before.frames < LOG_FRAMES) return
    const { frames, left } = await finish()
    if (left === 0 || frames < MOST_LOG_FRAMES) return
    warn({
      megabytes: Math.round((frames * PAGE_BYTES) / 1_000_000),
      reason: 'something has been reading the database for long',
      fix: 'End the backup or shell that reads the file in DATA_DIR. Nothing is lost, and events are still accepted as long as the disk has room.',
    })
  }
  const look = async (): Promise<void> => {
    try {
      await shorten()
    } catch (error) {
      if (!stopped) warn({ reason: reasonOf(error) })
    }
    timer = null
  }
  return {
    wrote() {
      if (timer !== null || stopped) return
      timer = setTimeout(() => {
        under_way = look()
      }, EVERY_MS)
      timer.unref()
    },
    async stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      await under_way
    },
  }
}
