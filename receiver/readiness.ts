import type { Clock } from './observe/clock.ts'
import { reasonOf } from './observe/reason-of.ts'
import type { Store } from './store/store.ts'

/** How long a check of the store serves all who ask, in ms. */
const CHECK_EVERY_MS = 1_000

/** Whether the receiver can take and deliver events. */
export interface Readiness {
  /** Resolves to the reason why the receiver is not ready, or to null. */
  notReady(): Promise<string | null>
  /** Makes the receiver unready from now on: it is about to stop. */
  drain(): void
}

/** The facts that readiness is told from. */
export interface ReadinessOptions {
  store: Store
  clock: Clock
  /** Whether the delivery worker can use the store. */
  healthy: () => boolean
}

/** Returns what asks the store and the delivery worker; the store at most once a second, however many ask. */
export function createReadiness({ store, clock, healthy }: ReadinessOptions): Readiness {
  let draining = false
  let checked_at = -Infinity
  let checking: Promise<string | null> | null = null
  const check = () => {
    const now = clock.steady()
    if (checking !== null && now - checked_at < CHECK_EVERY_MS) return checking
    checked_at = now
    checking = store.ping({ now }).then(() => null, reasonOf)
    return checking
  }
  return {
    notReady() {
      if (draining) return Promise.resolve('shutting down')
      if (!healthy()) return Promise.resolve('the delivery worker cannot use the store')
      return check()
    },
    drain() {
      draining = true
    },
  }
}
