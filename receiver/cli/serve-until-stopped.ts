import { readEnvironment, type Environment } from '../config/environment/environment.ts'
import type { LoadedConfig, LoadOptions } from '../config/load.ts'
import { loadResolved } from '../config/load-resolved.ts'
import { watchConfig } from '../config/watch.ts'
import { examineEnvironment } from '../doctor/surroundings.ts'
import { createGitHub } from '../github/github.ts'
import { freeStartMemory } from '../observe/free-start-memory.ts'
import { createLog, type Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { createGuard, resolveBySystem, type Guard } from '../outbound/guard.ts'
import { installNetwork } from '../outbound/network.ts'
import { createOutbound } from '../outbound/send.ts'
import { startReceiver, type Receiver } from '../receiver.ts'
import { openStore } from '../store/open.ts'
import { openSecretsKeys } from '../store/secrets-key.ts'
import { maskCrashes } from './crash.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { loadOptions } from './load-files.ts'
import { openInTime } from './open-in-time.ts'
import type { StopSignals } from './stop-signals.ts'

/** Runs the receiver until it is asked to stop, and ends it in good order. */
export async function serveUntilStopped(stop: StopSignals): Promise<ExitCode> {
  const environment = readEnvironment(process.env)
  const log = createLog(environment.log_level)
  try {
    return await serve(environment, log, stop)
  } finally {
    await new Promise<void>((resolve) => log.flush(() => resolve()))
  }
}

async function serve(environment: Environment, log: Log, stop: StopSignals): Promise<ExitCode> {
  for (const { variable, message, fix } of environment.notices) log.warn({ variable, fix }, message)
  const options = loadOptions(environment)
  const guard = createGuard(environment.outbound, { resolve: resolveBySystem, env: process.env })
  const loaded = await loadResolved(options, guard)
  reportCuts(log, loaded)
  const crashes = maskCrashes(loaded.config)
  const network = installNetwork()
  const outbound = createOutbound(guard)
  const store = await openInTime(() => openStore(environment, { log }), waiting(environment, log, stop))
  if (store === null) return EXIT.ok
  const receiver = await startReceiver({
    host: environment.host,
    port: environment.port,
    admin: environment.admin,
    public_url: environment.public_url,
    trust_proxy: environment.trust_proxy,
    config: loaded.config,
    store,
    github: createGitHub,
    outbound,
    keys: openSecretsKeys(environment),
    log,
  })
  for (const { about, message, fix } of examineEnvironment(environment, loaded.config))
    log.warn({ about, finding: message, fix }, 'found at the start: doctor looks at more')
  freeStartMemory()
  if (loaded.team_problems.length > 0)
    receiver.configRefused(loaded.team_problems, 'configuration refused: the other files are used')
  const watch = watchFiles({ receiver, crashes, loaded, options, guard, log })
  // Many programs read their configuration then; ours is read when it changes, so there is nothing to do.
  process.on('SIGHUP', () => log.info('SIGHUP: the configuration is read by itself when it changes'))

  const signal = await stop.asked
  log.info({ signal, drain_ms: environment.drain_ms }, 'stopping')
  watch.stop()
  try {
    await receiver.stop(environment.drain_ms)
    await Promise.all([network.close(), outbound.close()])
  } catch (error) {
    log.fatal({ reason: reasonOf(error) }, 'stopped in disorder')
    return EXIT.fault
  }
  log.info('stopped')
  return EXIT.ok
}

/** How the start waits for its store. */
function waiting(environment: Environment, log: Log, { asked }: StopSignals) {
  return {
    patience_ms: environment.start_ms,
    log,
    now: () => performance.now(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    asked,
  }
}

interface WatchedFiles {
  receiver: Receiver
  crashes: { follow(config: LoadedConfig['config']): void }
  loaded: LoadedConfig
  options: LoadOptions
  guard: Guard
  log: Log
}

/** Puts each change of the configuration's files in force, and says so where one cannot be. */
function watchFiles({ receiver, crashes, loaded, options, guard, log }: WatchedFiles): { stop(): void } {
  return watchConfig({
    loaded,
    load(last_good) {
      const environment = readEnvironment(process.env)
      reportUnused(log, options.environment, environment)
      return loadResolved({ ...options, environment, last_good }, guard)
    },
    onChange(changed) {
      const { config } = changed
      reportCuts(log, changed)
      crashes.follow(config)
      receiver.reload(config).then(
        (in_force) => {
          if (in_force)
            log.info({ automations: config.automations.length }, 'configuration changed: in force')
        },
        (error: unknown) =>
          log.error({ reason: reasonOf(error) }, 'configuration changed but is not in force'),
      )
    },
    onSame: receiver.secretsChanged,
    onRefused: (problems) => {
      receiver.configRefused(problems, 'configuration refused: what was in force stays')
    },
    onMended: receiver.configMended,
  })
}

/** Says what was cut off around secrets: where the registry has it with them, no signature fits. */
function reportCuts(log: Log, { cuts }: LoadedConfig): void {
  const fix = 'Store it without, here and in the registry.'
  for (const { from, cut } of cuts) log.warn({ from, fix }, `a secret was read without ${cut}`)
}

/** Says which secrets of the environment have changed in their files and count only from the next start. */
function reportUnused(log: Log, before: Environment, now: Environment): void {
  const changed = (['database_url', 'secrets_key', 'secrets_key_previous'] as const).filter(
    (key) => String(now[key]) !== String(before[key]),
  )
  for (const key of changed)
    log.warn({ variable: key.toUpperCase() }, 'a secret has changed that counts from the next start on')
}
