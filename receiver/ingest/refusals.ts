import type { Log } from '../observe/log.ts'

const KEPT = 20
const LOG_EVERY_MS = 60_000

export interface Refusal {
  /** Unix ms. */
  at: number
  reason: string
}

/** The requests that failed verification, per source: the last ones in memory, a log line a minute per reason. */
export interface Refusals {
  note(source: string, reason: string): void
  of(source: string): readonly Refusal[]
}

/** `now` gives Unix ms; `rejected` is told of every one. */
export function createRefusals(
  log: Log,
  now: () => number,
  rejected: (source: string, reason: string) => void = () => undefined,
): Refusals {
  const kept = new Map<string, Refusal[]>()
  const logged = new Map<string, { at: number; since: number }>()
  return {
    note(source, reason) {
      const at = now()
      rejected(source, reason)
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
