import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Store } from '../store/store.ts'
import type { Runtime } from './runtime.ts'

/** How often a replica looks for automations that another one has changed, in ms. Events find out by themselves. */
const LOOK_MS = 2_000

/** Looks for automations that other replicas have changed, for what shows them. `stop` ends it. */
export function followAutomations(options: {
  store: Pick<Store, 'engine'>
  refresh: () => Promise<void>
  log: Log
}): { stop(): void } {
  const { store, refresh, log } = options
  if (store.engine !== 'postgres') return { stop: () => undefined }
  let looking = false
  const look = () => {
    if (looking) return
    looking = true
    refresh()
      .catch((error: unknown) => {
        log.debug({ reason: reasonOf(error) }, 'stored automations could not be looked at')
      })
      .finally(() => {
        looking = false
      })
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

/** Logs which stored automations are not in force beside the files, and why. */
export function logRefusedAutomations({ stored }: Pick<Runtime, 'stored'>, log: Log): void {
  for (const [automation, { message: problem, fix }] of stored.refused)
    log.error({ automation, problem, fix }, 'a stored automation is not in force')
}
