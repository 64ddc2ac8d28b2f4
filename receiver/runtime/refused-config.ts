import type { ConfigProblem } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'

/** How often a refused configuration is logged again until it is mended, in ms. */
const REPEAT_MS = 10 * 60_000

/** A change of the configuration that could not be used, until it is mended: a restart would not come up with it. */
export interface RefusedConfig {
  /** Notes and logs that a change was refused; `consequence` says what is used instead. */
  refused: (problems: readonly ConfigProblem[], consequence: string) => void
  /** Notes that the files are right again. */
  mended: () => void
  /** Returns what is wrong, and since when in Unix ms; null where nothing is. */
  now(): { problems: readonly ConfigProblem[]; since: number } | null
  /** Logs nothing more. */
  stop(): void
}

/** The means to tell about a refused configuration. */
export interface RefusedConfigOptions {
  log: Log
  clock: Clock
  /** Told of every refused change. */
  onRefused: (problems: readonly ConfigProblem[]) => void
}

/** Returns a place for what is wrong, with nothing wrong yet. */
export function createRefusedConfig({ log, clock, onRefused }: RefusedConfigOptions): RefusedConfig {
  let state: { problems: readonly ConfigProblem[]; since: number; consequence: string } | null = null
  const report = () => {
    if (state === null) return
    const since = new Date(state.since).toISOString()
    for (const { file, line, key, message, fix } of state.problems)
      log.error({ file, line, key, problem: message, fix, since }, state.consequence)
  }
  const timer = setInterval(report, REPEAT_MS).unref()
  return {
    refused(problems, consequence) {
      state = { problems, since: clock.wall(), consequence }
      report()
      onRefused(problems)
    },
    mended() {
      if (state !== null) log.info('configuration refused before: the files are right again')
      state = null
    },
    now: () => state,
    stop() {
      clearInterval(timer)
    },
  }
}
