import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Store } from '../store/store.ts'

/** Between two counts while events are turned away, in ms: a sender that comes again must not wait for the slow count. */
const FULL_EVERY_MS = 1_000

/** How many deliveries wait, counted now and then and added up in between. */
export interface Backlog {
  /** Returns whether `limits.backlog` leaves room for one more event. */
  roomLeft(): boolean
  /** Adds deliveries that were accepted since the last count. */
  add(deliveries: number): void
  /** Returns how many wait: the last count, and what was added since; at most one more than `limits.backlog`. */
  waiting(): number
  /** Counts anew. A failure is logged: the last figure stays. */
  count(): Promise<void>
}

/** The means to count a backlog. */
export interface BacklogOptions {
  store: Store
  clock: Clock
  log: Log
  /** `limits.backlog` of today's configuration. */
  limit: () => number
}

/** Returns a backlog that has not been counted yet: until then there is room. */
export function createBacklog({ store, clock, log, limit }: BacklogOptions): Backlog {
  let waiting = 0
  let counted_at = 0
  const count = async () => {
    counted_at = clock.steady()
    try {
      waiting = await store.backlog({ most: limit() + 1 })
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'upkeep failed; it runs again')
    }
  }
  return {
    roomLeft() {
      if (waiting < limit()) return true
      if (clock.steady() - counted_at >= FULL_EVERY_MS) void count()
      return false
    },
    add(deliveries) {
      waiting += deliveries
    },
    waiting: () => waiting,
    count,
  }
}
