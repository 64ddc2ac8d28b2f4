import type { Log } from './log.ts'

/** The same line is written once in this time, in ms. */
const EVERY_MS = 60_000
/** The most lines that are remembered at a time. */
const REMEMBERED = 1_000

/** Writes lines that strangers can cause any number of. */
export interface BoundedLog {
  /**
   * Writes a line unless one with the same `key` was written within a minute; the next one counts those left out.
   * Returns whether it was written.
   */
  warn(key: string, fields: Record<string, unknown>, message: string): boolean
}

/** Returns a log of which no line was written yet. `now` gives ms of a clock that never jumps. */
export function createBoundedLog(log: Log, now: () => number): BoundedLog {
  const written = new Map<string, { at: number; unlogged: number }>()
  return {
    warn(key, fields, message) {
      const at = now()
      const last = written.get(key)
      if (last !== undefined && at - last.at < EVERY_MS) {
        last.unlogged += 1
        return false
      }
      log.warn({ ...fields, unlogged: last?.unlogged ?? 0 }, message)
      written.delete(key)
      written.set(key, { at, unlogged: 0 })
      const [oldest] = written.keys()
      if (written.size > REMEMBERED && oldest !== undefined) written.delete(oldest)
      return true
    },
  }
}
