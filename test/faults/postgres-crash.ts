import { startPostgres } from '../support/postgres.ts'
import type { Verdict } from '../support/verdict.ts'
import { endDeadLeases } from './dead-leases.ts'
import { startLoad } from './load.ts'
import { World } from './world.ts'

export interface CrashOptions {
  /** Where `initdb` and `postgres` are. */
  programs: string
  replicas: number
  /** How long the server is away, one crash after the other, ms. */
  away_ms: readonly number[]
  per_second: number
  settle_ms: number
}

export interface CrashReport {
  verdict: Verdict
  /** Answers that came later than a second, and the latest one, ms. */
  held: number
  longest_ms: number
  /** Receivers whose process is not the one of the beginning. */
  restarted: number
}

const BETWEEN_MS = 2_000

/** A PostgreSQL server that dies (SIGQUIT) under load and comes back. */
export async function crashUnderLoad(options: CrashOptions): Promise<CrashReport> {
  const { programs, replicas, away_ms, per_second, settle_ms } = options
  const postgres = await startPostgres(programs)
  const database = postgres.createDatabase('faults')
  const world = await World.start({ database, replicas })
  const pids = world.receivers.map(({ pid }) => pid)
  try {
    const load = startLoad({ urls: () => world.urls(), models: 40, at_once: 40, per_second })
    for (const away of away_ms) {
      await sleep(BETWEEN_MS)
      await postgres.crash()
      await sleep(away)
      await postgres.start()
    }
    await sleep(BETWEEN_MS)
    await load.stop()
    await endDeadLeases(database)
    const verdict = await world.judge(load.sent, {
      // A claim or a result that was being committed when the server died may be lost with its answer.
      duplicates_allowed: away_ms.length,
      refused_may_be_stored: true,
      settle_ms,
    })
    const times = load.times()
    return {
      verdict,
      held: times.filter((ms) => ms > 1_000).length,
      longest_ms: Math.round(Math.max(...times)),
      restarted: world.receivers.filter(({ pid }, i) => pid !== pids[i]).length,
    }
  } finally {
    await world.close()
    await postgres.stop()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
