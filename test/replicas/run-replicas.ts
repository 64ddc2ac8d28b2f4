import type { Verdict } from '../support/verdict.ts'
import { startLoad } from '../faults/load.ts'
import { World } from '../faults/world.ts'
import { teamsOf } from './teams.ts'

const TEAMS = 8
const MODELS = 96
const AT_ONCE = 24

/** A run without faults: so many events over so many replicas, as fast as they are taken. */
export async function runReplicas(options: {
  database: string
  replicas: number
  events: number
  settle_ms: number
}): Promise<{ verdict: Verdict; accept_ms: number; all_ms: number }> {
  const { database, replicas, events, settle_ms } = options
  const { config, env, users } = teamsOf(TEAMS, MODELS)
  const world = await World.start({ database, replicas, config, env, github: { users } })
  try {
    const began = performance.now()
    const load = startLoad({ urls: () => world.urls(), models: MODELS, at_once: AT_ONCE, most: events })
    await load.finished
    const accept_ms = Math.round(performance.now() - began)
    const verdict = await world.judge(load.sent, { duplicates_allowed: 0, settle_ms })
    return { verdict, accept_ms, all_ms: Math.round(performance.now() - began) }
  } finally {
    await world.close()
  }
}
