import { createApps } from './app.ts'
import type { Config } from './config/config.ts'
import type { TypeTables } from './config/schema.ts'
import { createCredentialProbes } from './deliveries/credential-probes.ts'
import { warnOfAlertRoutes } from './deliveries/alert-routes.ts'
import { createLaneNames, learnIdentities } from './deliveries/lane-names.ts'
import { createPipeline, type Pipeline } from './deliveries/pipeline.ts'
import { DESTINATION_TYPES } from './destinations/index.ts'
import type { GitHubDeps } from './github/client.ts'
import type { GitHubHub } from './github/github.ts'
import type { Outbound } from './outbound/send.ts'
import { createRefusals } from './ingest/refusals.ts'
import { createBoundedLog } from './observe/bounded-log.ts'
import { createChanges } from './observe/changes.ts'
import { systemClock, type Clock } from './observe/clock.ts'
import type { Log } from './observe/log.ts'
import { createCounts, type Counts } from './observe/metrics/counts.ts'
import { VERSION } from './observe/version.ts'
import { createMetrics } from './metrics.ts'
import { listenOn, type ListeningPorts, type Ports } from './ports.ts'
import { createReadiness, type Readiness } from './readiness.ts'
import { InForce } from './runtime/in-force.ts'
import { createRefusedConfig, type RefusedConfig } from './runtime/refused-config.ts'
import { createReloads } from './runtime/reloads.ts'
import { createStoredAutomations } from './runtime/stored-automations.ts'
import { logRefusedAutomations } from './runtime/follow-automations.ts'
import { readStored } from './runtime/merge-stored.ts'
import { warnOfMissingSecrets } from './runtime/missing-secrets.ts'
import { openStoredSecrets, type StoredSecrets } from './runtime/stored-secrets.ts'
import { createRuntime, saveRevisions, type Runtime } from './runtime/runtime.ts'
import { SOURCE_TYPES } from './sources/index.ts'
import { NO_KEYS, type SecretsKeys } from './store/secrets-key.ts'
import type { Store } from './store/store.ts'

/** The parts of a receiver. */
export interface ReceiverOptions extends Omit<Ports, 'onCrowded'> {
  /** The receiver's own address for links, of which the path is the base path; null where it is not known. */
  public_url: string | null
  /** Addresses and CIDRs of proxies whose `X-Forwarded-For` is believed. Default: none. */
  trust_proxy?: readonly string[]
  config: Config
  store: Store
  /** Makes what talks to GitHub, for as long as the receiver runs: `createGitHub`. */
  github: (deps: GitHubDeps) => GitHubHub
  /** The way out for users' URLs. */
  outbound: Outbound
  /** The key that encrypts stored secrets. Default: none can be stored. */
  keys?: SecretsKeys
  log: Log
  clock?: Clock
  /** The registries and destinations that there are; those of this project by default. */
  types?: TypeTables
}

/** A receiver that runs. */
export interface Receiver {
  /** Where it listens: `http://127.0.0.1:8080`. */
  url: string
  /** Where the dashboard and the API answer: the same, unless there is an ADMIN_PORT. */
  admin_url: string
  /**
   * Puts another configuration in force; events after it go by the new one. Resolves to true once it is in force, also
   * where the store was away for a while; to false when a newer one, or the end, came first.
   */
  reload(config: Config): Promise<boolean>
  /** Logs that a change of the configuration was refused, and shows it until it is mended; raises the alert. */
  configRefused: RefusedConfig['refused']
  /** Tells that what was refused is right again. */
  configMended: RefusedConfig['mended']
  /** Tells that files have changed that secrets of destinations are read from: what waits for one is tried at once. */
  secretsChanged: () => void
  /**
   * Ends in good order: `/readyz` turns 503 at once, ingest goes on for `drain_ms`, attempts under way may finish
   * (20 s), the store is closed.
   */
  stop(drain_ms: number): Promise<void>
}

const OUR_TYPES: TypeTables = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }

/** Puts the parts together, reclaims what an earlier process left, and listens. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { store, log, types = OUR_TYPES } = options
  const clock = options.clock ?? systemClock(await store.lastSeen({}))
  const [in_force, changes] = [new InForce(), createChanges()]
  const counts = createCounts(changes, () => clock.wall())
  const runtime = () => in_force.runtime
  const lane_names = createLaneNames({ store, clock, log })
  const probes = createCredentialProbes({ store, clock, log })
  const github = options.github({
    now: () => clock.wall(),
    repositoriesOf: (connection, owner) => runtime().repositoriesOf(connection, owner),
    onIdentity: (connection, login) => void lane_names.join(connection, login),
  })
  const { outbound, public_url, keys = NO_KEYS } = options
  const secretsChanged = () => void probes.secretChanged(types.destinations.keys())
  const secrets = await openStoredSecrets({ store, keys, clock, log, onPut: secretsChanged })
  const surroundings = { github, types, public_url, outbound, named: secrets, now: () => clock.wall() }
  const reloads = createReloads(async (config) => {
    const next = createRuntime(config, surroundings, await readStored(store))
    await saveRevisions(next, store, clock)
    in_force.runtime = next
    tellOf(next, types, { secrets, log, counts })
    // Joined first: a pause may come along with what waited under the connection's own name.
    const learned = learnIdentities(config.connections.values(), github, lane_names)
    void learned.then(() => probes.follow(config.connections))
  }, log)
  await reloads.start(options.config)
  const reload = () => reloads.again()
  const automations = createStoredAutomations({ store, runtime, clock, log, guard: outbound.guard, reload })
  const pipeline = await createPipeline({ ...options, runtime, automations, changes, counts, clock })
  const { acceptor, alerts, wake } = pipeline
  probes.onProbed(wake)
  const refusals = createRefusals({ log, clock, onRefused: alerts.rejected })
  const refused_config = createRefusedConfig({ log, clock, onRefused: alerts.refused })
  const readiness = createReadiness({ store, clock, healthy: () => pipeline.healthy() })
  const notReady = () => readiness.notReady()
  const measured = { counts, store, clock, waiting: () => pipeline.waiting(), notReady, refused_config }
  const app = {
    ...options,
    ...{ runtime, acceptor, automations, refusals, refused_config, changes, clock, wake, secrets, types },
    ...{ counts, answered: counts.webhook, notReady, metrics: createMetrics(measured) },
  }
  const ports = { ...options, onCrowded: logCrowded(log, clock) }
  const server = await listenOn(createApps(app, options.admin != null), ports)
  pipeline.start()
  logListening(log, server, store, options.config)

  return {
    url: server.url,
    admin_url: server.admin_url,
    reload: (config) => reloads.reload(config),
    configRefused: refused_config.refused,
    configMended: refused_config.mended,
    secretsChanged,
    async stop(drain_ms) {
      for (const part of [automations, reloads, refused_config]) part.stop()
      await stopInOrder({ readiness, server, pipeline, store }, drain_ms)
    },
  }
}

interface Stopping {
  readiness: Readiness
  server: ListeningPorts
  pipeline: Pipeline
  store: Store
}

async function stopInOrder(
  { readiness, server, pipeline, store }: Stopping,
  drain_ms: number,
): Promise<void> {
  for (const part of [readiness, server]) part.drain()
  await new Promise((resolve) => setTimeout(resolve, drain_ms))
  await server.close(() => pipeline.acceptor.idle())
  await pipeline.stop()
  await store.close()
}

/** Logs what is allowed in a configuration and will hardly be meant, and shows its names in the metrics. */
function tellOf(
  runtime: Runtime,
  { destinations }: TypeTables,
  lent: { secrets: StoredSecrets; log: Log; counts: Counts },
): void {
  const { automations } = runtime.config
  lent.counts.follow({ sources: runtime.sources.keys(), automations: automations.map(({ name }) => name) })
  logRefusedAutomations(runtime, lent.log)
  warnOfAlertRoutes(automations, destinations, lent.log)
  void warnOfMissingSecrets(automations, destinations, lent)
}

/** Returns what logs that strangers ask more than there is room for, once a minute. */
function logCrowded(log: Log, clock: Clock): (reason: string) => void {
  const bounded = createBoundedLog(log, () => clock.steady())
  const fix = 'Find out who sends so much, and limit it in the reverse proxy.'
  return (reason) => void bounded.warn(reason, { reason, fix }, 'requests turned away: too many at once')
}

function logListening(
  log: Log,
  { url, admin_url }: Pick<Receiver, 'url' | 'admin_url'>,
  { engine }: Store,
  { sources, automations }: Config,
): void {
  const what = {
    version: VERSION,
    url,
    ...(admin_url === url ? {} : { admin_url }),
    store: engine,
    sources: [...sources.keys()],
    automations: automations.length,
  }
  log.info(what, 'listening')
}
