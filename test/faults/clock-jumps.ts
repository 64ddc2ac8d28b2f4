import type { Verdict } from '../support/verdict.ts'
import { startLoad } from './load.ts'
import { adjustableClock, setServerClock } from './server-clock.ts'
import { World } from './world.ts'

export interface JumpReport {
  verdict: Verdict
  /** The longest time without a dispatch, ms, while there was always something to dispatch. */
  longest_gap_ms: number
  /** The most dispatches within any ten seconds. */
  busiest: number
}

const HOUR_MS = 3_600_000
const BETWEEN_MS = 15_000
const WINDOW_MS = 10_000
const WRITES_PER_SECOND = 2

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: ${WRITES_PER_SECOND} }
automations:
  - name: deploy-production
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`

/** The clock of the PostgreSQL server is set forward by an hour, and back, while replicas keep a pace. */
export async function jumpUnderLoad(options: {
  database: string
  replicas: number
  settle_ms: number
}): Promise<JumpReport> {
  const database = await adjustableClock(options.database)
  const world = await World.start({ database, replicas: options.replicas, config: CONFIG })
  try {
    const load = startLoad({
      urls: () => world.urls(),
      models: 60,
      at_once: 6,
      per_second: WRITES_PER_SECOND * 1.2,
    })
    for (const jump of [HOUR_MS, -HOUR_MS, -HOUR_MS, HOUR_MS]) {
      await sleep(BETWEEN_MS)
      await setServerClock(database, jump)
    }
    await sleep(BETWEEN_MS)
    await load.stop()
    const verdict = await world.judge(load.sent, { duplicates_allowed: 0, settle_ms: options.settle_ms })
    const at = (await world.github.dispatched()).map((one) => one.at)
    return {
      verdict,
      longest_gap_ms: Math.max(...at.slice(1).map((time, i) => time - (at[i] ?? time))),
      busiest: Math.max(
        ...at.map((from) => at.filter((time) => time >= from && time < from + WINDOW_MS).length),
      ),
    }
  } finally {
    await world.close()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
