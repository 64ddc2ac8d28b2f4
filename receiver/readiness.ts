import type { Clock } from './observe/clock.ts'
import { reasonOf } from './observe/reason-of.ts'
import type { Store } from './store/store.ts'

/** Whether the receiver can take and deliver events. */
export interface Readiness {
  /** Resolves to the reason why the receiver is not ready, or to null. */
  notReady(): Promise<string | null>
  /** Makes the receiver unready from now on: it is about to stop. */
  drain(): void
}

/** What readiness is told from. */
export interface ReadinessOptions {
  store: Store
  clock: Clock
  /** Whether the delivery worker can use the store. */
  healthy: () => boolean
}

/** Returns what asks the store and the delivery worker. */
export function createReadiness({ store, clock, healthy }: ReadinessOptions): Readiness {
  let draining = false
  return {
    async notReady() {
      if (draining) return 'shutting down'
      if (!healthy()) return 'the delivery worker cannot use the store'
      return store.ping({ now: clock.steady() }).then(() => null, reasonOf)
    },
    drain() {
      draining = true
    },
  }
}
