import { isDeepStrictEqual } from 'node:util'
import { ConfigError, type ConfigProblem } from './config.ts'
import { currentHashes } from './content.ts'
import type { LoadedConfig, LoadOptions } from './load.ts'
import { problemOf } from './problems.ts'

/** How long a file must be unchanged before its change counts, in ms: editors and copies write in several steps. */
const SETTLE_MS = 100

/** The files to watch, and the listener that is told. */
export interface WatchOptions {
  /** The configuration in use now. */
  loaded: LoadedConfig
  /**
   * Reads the configuration again: {@link loadResolved} with `last_good` as given.
   * @throws ConfigError
   */
  load: (last_good: NonNullable<LoadOptions['last_good']>) => Promise<LoadedConfig>
  interval_ms?: number
  timers?: Timers
  /** Called with a change that can be used. In a directory, `team_problems` may hold what could not be. */
  onChange: (loaded: LoadedConfig) => void
  /** Called when files have changed and the configuration is the same: a secret that a destination reads, or a comment. */
  onSame?: () => void
  /** Called once with a change that cannot be used; the configuration in use stays. */
  onRefused: (problems: readonly ConfigProblem[]) => void
  /** Called when what was refused before is right again. */
  onMended?: () => void
}

/** The part of the system's timers that is used. */
export interface Timers {
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

const SYSTEM_TIMERS: Timers = {
  setTimeout: (run, ms) => setTimeout(run, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/**
 * Re-reads the configuration whenever the content of a file changes that it was read from, `${file:}` targets
 * included. Files are read through their paths each time, so swapped symlinks count (Kubernetes swaps the
 * directory that a mounted file is in).
 */
export function watchConfig(options: WatchOptions): { stop(): void } {
  const { load, onChange, onSame, onRefused, onMended, interval_ms = 2_000, timers = SYSTEM_TIMERS } = options
  let inUse = options.loaded
  let known = inUse.contents
  let seen = fingerprint(known)
  let refused = textOf(inUse.team_problems)
  let timer: unknown = null
  let stopped = false

  const check = async () => {
    const now = fingerprint(currentHashes(known.keys()))
    const changed = now !== fingerprint(known)
    const settled = now === seen
    seen = now
    if (changed && settled) await reload()
    if (!stopped) schedule(changed && !settled ? SETTLE_MS : interval_ms)
  }
  const schedule = (ms: number) => {
    timer = timers.setTimeout(() => void check(), ms)
  }
  const reload = async () => {
    try {
      const loaded = await load(inUse.texts)
      if (stopped) return
      const changed = !isDeepStrictEqual(loaded.config, inUse.config)
      inUse = loaded
      known = loaded.contents
      if (changed) onChange(loaded)
      else onSame?.()
      refuse(loaded.team_problems)
    } catch (error) {
      const refusal = error instanceof ConfigError ? error : unexpected(error)
      // The files of the configuration in use are watched further: any of them may become right again.
      known = new Map([...currentHashes(inUse.files), ...refusal.contents])
      refuse(refusal.problems)
    }
    seen = fingerprint(known)
  }
  const refuse = (problems: readonly ConfigProblem[]) => {
    const text = textOf(problems)
    if (text !== '' && text !== refused) onRefused(problems)
    if (text === '' && refused !== '') onMended?.()
    refused = text
  }
  schedule(interval_ms)
  return {
    stop() {
      stopped = true
      timers.clearTimeout(timer)
    },
  }
}

/** Returns a fault of the receiver itself as a refusal: the receiver must go on with the configuration in use. */
function unexpected(error: unknown): ConfigError {
  const name = error instanceof Error ? error.name : 'unknown error'
  return new ConfigError([
    problemOf('configuration', '(reload)', `could not be used (${name})`, 'Undo the change.'),
  ])
}

function fingerprint(hashes: ReadonlyMap<string, string>): string {
  return [...hashes].map(([path, hash]) => `${path}\0${hash}`).join('\0')
}

function textOf(problems: readonly ConfigProblem[]): string {
  return problems.length === 0 ? '' : new ConfigError(problems).message
}
