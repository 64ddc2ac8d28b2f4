import { createBoundedLog } from '../observe/bounded-log.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'

/** How many refusals of a source are kept. */
const KEPT = 20
/** The longest unknown name that a line shows, in characters: it is a stranger's. */
const SHOWN = 64

/** A request that was refused. */
export interface Refusal {
  /** Unix ms. */
  at: number
  /** The status of the answer. */
  status: number
  /** Why, for people; never shown to the sender. */
  reason: string
}

/** The requests that were refused: per source the last ones in memory, and a log line a minute for each reason. */
export interface Refusals {
  /** Notes that a request to a source was refused. */
  note(source: string, refusal: Omit<Refusal, 'at'>): void
  /** Notes that a request named a source that is not configured; `named` is what it said. */
  unknown(named: string): void
  /** Returns the last refusals of a source, oldest first. */
  of(source: string): readonly Refusal[]
}

/** The means to note refusals. */
export interface RefusalsOptions {
  log: Log
  clock: Clock
  /** Told of every refusal; `source` is null where there is no such source. */
  onRefused?: (source: string | null, reason: string) => void
}

/** Returns an empty list of refusals. */
export function createRefusals({ log, clock, onRefused }: RefusalsOptions): Refusals {
  const kept = new Map<string, Refusal[]>()
  const bounded = createBoundedLog(log, () => clock.steady())
  return {
    note(source, { status, reason }) {
      onRefused?.(source, reason)
      kept.set(source, [...(kept.get(source) ?? []), { at: clock.wall(), status, reason }].slice(-KEPT))
      // Why a signature was refused has a table of its own in the documentation.
      if (status === 401) bounded.warn(`${source}\n${reason}`, { source, reason }, 'request refused: 401')
      else bounded.warn(`${source}\n${status}\n${reason}`, { source, status, reason }, 'request refused')
    },
    unknown(named) {
      const name = named.slice(0, SHOWN)
      const reason = `no source has the name ${JSON.stringify(name)}`
      onRefused?.(null, reason)
      bounded.warn('', { status: 404, reason }, 'request refused')
    },
    of: (source) => kept.get(source) ?? [],
  }
}
