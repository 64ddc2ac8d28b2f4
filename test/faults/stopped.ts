import { teamsOf } from '../replicas/teams.ts'
import { createRandom } from '../scale/random.ts'
import type { ReceiverProcess } from '../support/receiver-process.ts'
import type { Verdict } from '../support/verdict.ts'
import { startLoad } from './load.ts'
import { World } from './world.ts'

export interface StoppedReport {
  verdict: Verdict
  /** Late results that were dropped, since someone else had taken the delivery over. */
  dropped: number
}

interface Options {
  database: string
  replicas: number
  per_second: number
  settle_ms: number
}

const TEAMS = 6
const MODELS = 42
/** GitHub takes so long that a stopped receiver is likely to be in the middle of a request, ms. */
const SLOW_MS = 700
/** Longer than a lease lasts, ms. */
const LONG_STOP_MS = 75_000
/** Longer than the server waits for a transaction that does nothing, shorter than a lease, ms. */
const SHORT_STOP_MS = 13_000

/** One receiver stands still (SIGSTOP) in the middle of its attempt for longer than its lease. */
export async function stopPastLease(options: Options): Promise<StoppedReport> {
  return underLoad(options, async (world) => {
    await world.github.fail({ kind: 'slow', ms: SLOW_MS })
    await sleep(3_000)
    for (const receiver of world.receivers.slice(1)) await standStill(world, receiver, LONG_STOP_MS)
    await world.github.fail(null)
  })
}

/** Receivers stand still at random moments, also in the middle of a transaction with locks. */
export async function stopAtRandom(
  options: Options & { stops: number; seed: number },
): Promise<StoppedReport> {
  const random = createRandom(options.seed)
  return underLoad(options, async (world) => {
    for (let n = 0; n < options.stops; n++) {
      await sleep(random.between(100, 900))
      const receiver = world.receivers[random.below(world.receivers.length)]
      if (receiver !== undefined) await standStill(world, receiver, SHORT_STOP_MS)
    }
  })
}

async function underLoad(options: Options, disturb: (world: World) => Promise<void>): Promise<StoppedReport> {
  const { database, replicas, per_second, settle_ms } = options
  // Several identities: each replica has attempts under way, whichever is stopped.
  const { config, env, users } = teamsOf(TEAMS, MODELS)
  const world = await World.start({ database, replicas, config, env, github: { users } })
  try {
    const load = startLoad({ urls: () => world.urls(), models: MODELS, at_once: 20, per_second })
    await disturb(world)
    await load.stop()
    const verdict = await world.judge(load.sent, { duplicates_allowed: TEAMS, settle_ms })
    const dropped = world.receivers.flatMap((receiver) =>
      receiver.logged('claim lost meanwhile: the result is dropped'),
    ).length
    return { verdict, dropped }
  } finally {
    for (const receiver of world.receivers) receiver.signal('SIGCONT')
    await world.close()
  }
}

async function standStill(world: World, receiver: ReceiverProcess, ms: number): Promise<void> {
  world.away.add(receiver)
  receiver.signal('SIGSTOP')
  await sleep(ms)
  receiver.signal('SIGCONT')
  world.away.delete(receiver)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
