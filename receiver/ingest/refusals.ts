import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'

/** How many refusals of a source are kept. */
const KEPT = 20
/** The same refusal is logged once in this time, in ms. */
const LOG_EVERY_MS = 60_000

/** A request that was refused. */
export interface Refusal {
  /** Unix ms. */
  at: number
  /** Why, for people; never shown to the sender. */
  reason: string
}

/** The requests that failed verification, per source: the last ones in memory, a log line a minute per reason. */
export interface Refusals {
  /** Notes a refusal. */
  note(source: string, reason: string): void
  /** Returns the last refusals of a source, oldest first. */
  of(source: string): readonly Refusal[]
}

/** What refusals are noted with. */
export interface RefusalsOptions {
  log: Log
  clock: Clock
  /** Told of every refusal. */
  onRefused?: (source: string, reason: string) => void
}

/** Returns an empty list of refusals. */
export function createRefusals({ log, clock, onRefused }: RefusalsOptions): Refusals {
  const kept = new Map<string, Refusal[]>()
  const logged = new Map<string, { at: number; since: number }>()
  return {
    note(source, reason) {
      const at = clock.wall()
      onRefused?.(source, reason)
      kept.set(source, [...(kept.get(source) ?? []), { at, reason }].slice(-KEPT))
      const key = `${source}\n${reason}`
      const last = logged.get(key)
      if (last !== undefined && at - last.at < LOG_EVERY_MS) {
        last.since += 1
        return
      }
      log.warn({ source, reason, unlogged: last?.since ?? 0 }, 'request refused: 401')
      logged.set(key, { at, since: 0 })
    },
    of: (source) => kept.get(source) ?? [],
  }
}
