import type { ConfigProblem } from './config/config.ts'
import { readEnvironment, type Environment } from './config/environment/environment.ts'
import { loadConfig, type LoadOptions } from './config/load.ts'
import { watchConfig } from './config/watch.ts'
import { DESTINATION_TYPES } from './destinations/index.ts'
import { createGitHub } from './github/github.ts'
import { installNetwork } from './outbound/network.ts'
import { createLog, type Log } from './observe/log.ts'
import { startReceiver } from './receiver.ts'
import { SOURCE_TYPES } from './sources/index.ts'
import { explainStartError } from './start-error.ts'
import { openStore } from './store/open.ts'
import { reasonOf } from './observe/reason-of.ts'

/** What the process was asked for can't be done as it was asked: the message on stderr says what to change. */
const EXIT_REFUSED = 2
/**
 * Signals this close together are one, ms: npm passes on what the whole process group has been sent already, so that
 * one Ctrl-C arrives twice.
 */
const SAME_SIGNAL_MS = 1_000

try {
  await serve()
} catch (error) {
  const explained = explainStartError(error)
  if (explained === null) throw error
  console.error(`Model Dispatch did not start.\n${explained}`)
  process.exit(EXIT_REFUSED)
}

/** Runs the receiver until SIGTERM or SIGINT. */
async function serve(): Promise<void> {
  const environment = readEnvironment(process.env)
  const log = createLog(environment.log_level)
  const options = loadOptions(environment)
  const loaded = loadConfig(options)
  reportRefused(log, loaded.team_problems, 'configuration refused: the other files are used')
  const network = installNetwork()
  const receiver = await startReceiver({
    host: environment.host,
    port: environment.port,
    public_url: environment.public_url,
    admin_token: environment.admin_token,
    config: loaded.config,
    store: await openStore(environment),
    github: createGitHub,
    log,
  })
  const watch = watchConfig({
    loaded,
    load: (last_good) => loadConfig({ ...options, last_good }),
    onChange({ config }) {
      receiver.reload(config).then(
        (in_force) => {
          if (in_force)
            log.info({ automations: config.automations.length }, 'configuration changed: in force')
        },
        (error: unknown) =>
          log.error({ reason: reasonOf(error) }, 'configuration changed but is not in force'),
      )
    },
    onRefused: (problems) => {
      reportRefused(log, problems, 'configuration refused: what was in force stays')
      receiver.configRefused(problems)
    },
  })

  let told: number | null = null
  const stop = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (told !== null && now - told < SAME_SIGNAL_MS) return
    if (told !== null) process.exit(1)
    told = now
    log.info({ signal, drain_ms: environment.drain_ms }, 'stopping')
    watch.stop()
    receiver
      .stop(environment.drain_ms)
      .then(() => network.close())
      .then(
        () => {
          log.info('stopped')
          log.flush(() => process.exit(0))
        },
        (error: unknown) => {
          log.fatal({ reason: reasonOf(error) }, 'stopped in disorder')
          log.flush(() => process.exit(1))
        },
      )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Many programs read their configuration then; ours is read when it changes, so there is nothing to do.
  process.on('SIGHUP', () => log.info('SIGHUP: the configuration is read by itself when it changes'))
}

function loadOptions(environment: Environment): LoadOptions {
  return {
    path: environment.config_path,
    env: process.env,
    environment,
    sources: SOURCE_TYPES,
    destinations: DESTINATION_TYPES,
  }
}

function reportRefused(log: Log, problems: readonly ConfigProblem[], consequence: string): void {
  for (const { file, line, key, message, fix } of problems) {
    log.error({ file, line, key, problem: message, fix }, consequence)
  }
}
