import { createRandom } from '../scale/random.ts'
import type { Verdict } from '../support/verdict.ts'
import { endDeadLeases } from './dead-leases.ts'
import { startLoad } from './load.ts'
import { World, type WorldOptions } from './world.ts'

export interface KillOptions extends WorldOptions {
  kills: number
  seed: number
  /** Webhooks a second. */
  per_second: number
  /** Does not wait a minute for the leases of those that were killed. */
  hurry?: boolean
  settle_ms: number
}

const BETWEEN_MS = { least: 100, most: 1_200 }
/** How long a killed one of several stays away, ms. */
const DOWN_MS = 500

/** Ends receivers at random moments under load, and starts them again. */
export async function killUnderLoad(options: KillOptions): Promise<Verdict> {
  const { kills, seed, per_second, hurry = false, settle_ms, ...rest } = options
  const random = createRandom(seed)
  const world = await World.start(rest)
  try {
    const load = startLoad({ urls: () => world.urls(), models: 24, at_once: 8, per_second })
    for (let n = 0; n < kills; n++) {
      await sleep(random.between(BETWEEN_MS.least, BETWEEN_MS.most))
      const victim = world.receivers[random.below(world.receivers.length)]
      if (victim !== undefined) await world.killAndRestart(victim, world.receivers.length > 1 ? DOWN_MS : 0)
    }
    await load.stop()
    if (hurry && rest.database !== null) await endDeadLeases(rest.database)
    // One lane has one request in flight, and every kill may have met it between GitHub's answer and its record.
    return await world.judge(load.sent, { duplicates_allowed: kills, settle_ms })
  } finally {
    await world.close()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
