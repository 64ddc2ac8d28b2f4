import type { Config } from '../config/config.ts'
import type { Log } from '../observe/log.ts'
import { StoreUnavailable } from '../store/store.ts'

/** How long to wait between two tries of a store that is away, in ms. */
const RETRY_MS = 250

/** Changes of the configuration on their way into force. */
export interface Reloads {
  /** Puts the first configuration in force. Rejects when it cannot be, also where the store is away. */
  start(config: Config): Promise<void>
  /**
   * Resolves to true once the configuration is in force, however long the store is away before that; to false when a
   * newer one came meanwhile or `stop` was called. Rejects when it can never be put in force.
   */
  reload(config: Config): Promise<boolean>
  /** Puts the configuration that is in force in force again, since what the store has beside it has changed. */
  again(): Promise<void>
  /** Tries nothing more. */
  stop(): void
}

/** Returns what takes changes one after the other, so that the newest stays in whatever order the store answers. */
export function createReloads(putInForce: (config: Config) => Promise<void>, log: Log): Reloads {
  let newest: Config | null = null
  let in_force: Config | null = null
  let last: Promise<unknown> = Promise.resolve()

  async function persist(config: Config): Promise<boolean> {
    for (let tries = 0; newest === config; tries++) {
      try {
        await putInForce(config)
        in_force = config
        return true
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        if (tries === 0) {
          const { message: reason, fix } = error
          log.error({ reason, fix }, 'configuration changed: it comes into force when the store is back')
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return false
  }

  return {
    async start(config) {
      await putInForce(config)
      in_force = config
    },
    reload(config) {
      newest = config
      const done = last.then(() => persist(config))
      last = done.catch(() => undefined)
      return done
    },
    again() {
      const done = last.then(async () => {
        if (in_force !== null) await putInForce(in_force)
      })
      last = done.catch(() => undefined)
      return done
    },
    stop() {
      newest = null
    },
  }
}
