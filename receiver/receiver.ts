import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'
import type { Config, ConfigProblem } from './config/config.ts'
import type { TypeTables } from './config/schema.ts'
import { createAcceptor } from './deliveries/acceptor.ts'
import { createEngine } from './deliveries/engine.ts'
import { createOwnEvents, OWN_SOURCE_CONFIG } from './deliveries/alerts.ts'
import { takeEvent } from './deliveries/prepare-event.ts'
import { startUpkeep } from './deliveries/upkeep.ts'
import type { GitHubDeps } from './github/client.ts'
import type { GitHubHub } from './github/github.ts'
import { laneOf } from './github/lanes.ts'
import { createRefusals } from './ingest/refusals.ts'
import { VERSION } from './observe/version.ts'
import { systemClock, type Clock } from './observe/clock.ts'
import type { Log } from './observe/log.ts'
import { createReloads } from './runtime/reloads.ts'
import { createRuntime, type Runtime } from './runtime/runtime.ts'
import { DESTINATION_TYPES } from './destinations/index.ts'
import { SOURCE_TYPES } from './sources/index.ts'
import { jsonText, parse } from './store/json-text.ts'
import type { Store } from './store/store.ts'
import { reasonOf } from './observe/reason-of.ts'

export interface ReceiverOptions {
  host: string
  /** 0 takes a free port. */
  port: number
  public_url: string | null
  admin_token: string | null
  config: Config
  store: Store
  /** Makes what talks to GitHub, for as long as the receiver runs: `createGitHub`. */
  github: (deps: GitHubDeps) => GitHubHub
  log: Log
  clock?: Clock
  /** The registries and destinations that there are; ours unless told. */
  types?: TypeTables
}

export interface Receiver {
  /** Where it listens: `http://127.0.0.1:8080`. */
  url: string
  /**
   * Puts another configuration in force; events after it go by the new one. True once it is, also where the store was
   * away for a while; false when a newer one, or the end, came first.
   */
  reload(config: Config): Promise<boolean>
  /** Tells who listens that a changed configuration could not be used. */
  configRefused(problems: readonly ConfigProblem[]): void
  /**
   * Ends in good order: `/readyz` turns 503 at once, ingest goes on for `drain_ms`, attempts under way may finish
   * (20 s), the store is closed.
   */
  stop(drain_ms: number): Promise<void>
}

const ATTEMPT_GRACE_MS = 20_000
/** How long a request may take to arrive, ms; Node.js looks only at intervals, half a minute unless told. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 }

/** Puts the parts together, recovers what an earlier process left, and listens. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { store, log, types = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES } } = options
  const clock = options.clock ?? systemClock(await store.lastSeen({}))
  let runtime: Runtime
  let draining = false
  const github = options.github({
    now: () => clock.wall(),
    repositoriesOf: (connection, owner) => runtime.repositoriesOf(connection, owner),
    onIdentity: () => void learnIdentities(store, github, log, runtime.config, clock),
  })

  async function putInForce(config: Config): Promise<void> {
    const next = createRuntime(config, github, types)
    await store.saveRevisions({
      revisions: next.automations.map(({ spec, revision }) => ({
        id: revision,
        automation: spec.name,
        spec: jsonText(spec),
      })),
      now: clock.steady(),
    })
    runtime = next
    void learnIdentities(store, github, log, config, clock)
  }
  await putInForce(options.config)
  const reloads = createReloads(putInForce, log)

  const engine = createEngine({
    store,
    senders: () => runtime.senders,
    clock,
    log,
    onConsequence: (attempt, consequence) => {
      own.attempted(attempt, consequence)
    },
    onGivenUp: (delivery) => {
      own.gaveUp(delivery)
    },
  })
  const wake = (lanes: readonly string[]) => {
    engine.wake(lanes)
  }
  const upkeep = startUpkeep(
    store,
    () => runtime.config,
    clock,
    log,
    () => {
      engine.wake()
    },
  )
  const acceptor = createAcceptor(
    store,
    clock,
    () => upkeep.roomLeft(),
    ({ event, deliveries }, lanes) => {
      if (deliveries.length === 0) return
      upkeep.added(deliveries.length)
      engine.wake([...deliveries.map(({ lane }) => lane), ...lanes])
      for (const { id, automation, error } of deliveries) {
        if (error !== null) own.undeliverable(parse(event), { id, automation, ...error })
      }
    },
    log,
  )
  const own = createOwnEvents(
    (event, raw) => {
      const arrival = { raw, received_at: clock.wall(), secret: null }
      const { record } = takeEvent(runtime, OWN_SOURCE_CONFIG, event, arrival)
      // They matter most when nothing gets through, and they are few.
      return acceptor.accept(record, { past_backlog: true })
    },
    clock,
    log,
  )
  if (store.engine === 'sqlite') {
    const { taken_back, given_up } = await store.recover({ now: clock.steady() })
    if (taken_back > 0)
      log.warn({ deliveries: taken_back }, 'taken back from a process that ended mid-attempt')
    for (const delivery of given_up) own.gaveUp(delivery)
  }
  store.onWork(wake)

  const app = createApp({
    runtime: () => runtime,
    acceptor,
    refusals: createRefusals(
      log,
      () => clock.wall(),
      (source, reason) => {
        own.rejected(source, reason)
      },
    ),
    clock,
    log,
    public_url: options.public_url,
    store,
    admin_token: options.admin_token,
    wake,
    async notReady() {
      if (draining) return 'shutting down'
      if (!engine.healthy()) return 'the delivery worker cannot use the store'
      return store.ping({ now: clock.steady() }).then(
        () => null,
        (error: unknown) => reasonOf(error),
      )
    },
  })
  const server = createServer(TIMEOUTS, app)
  const url = await listen(server, options.host, options.port)
  engine.start()
  log.info(
    {
      version: VERSION,
      url,
      store: store.engine,
      sources: [...options.config.sources.keys()],
      automations: options.config.automations.length,
    },
    'listening',
  )

  return {
    url,
    reload: (config) => reloads.reload(config),
    configRefused: (problems) => {
      own.refused(problems)
    },
    async stop(drain_ms) {
      draining = true
      reloads.stop()
      await new Promise((resolve) => setTimeout(resolve, drain_ms))
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await acceptor.idle()
      const cut = setTimeout(() => server.closeAllConnections(), 2_000)
      await closed
      clearTimeout(cut)
      await engine.stop(ATTEMPT_GRACE_MS)
      // The last results may have raised events of our own.
      await acceptor.idle()
      upkeep.stop()
      await store.close()
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { address, port: chosen, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`
}

/**
 * Asks GitHub in the background who is behind each token; deliveries that wait under the connection's name then
 * move to the lane of that user, whose limits count.
 */
async function learnIdentities(
  store: Store,
  github: GitHubHub,
  log: Log,
  config: Config,
  clock: Clock,
): Promise<void> {
  for (const connection of config.connections.values()) {
    const login = await github.resolveIdentity(connection)
    if (login === null || connection.auth.kind === 'app') continue
    const from = laneOf(connection, '', null)
    const to = laneOf(connection, '', login)
    await store.renameLane({ from, to, now: clock.steady() }).catch((error: unknown) => {
      log.warn(
        { reason: reasonOf(error) },
        'the lane of a GitHub user could not be joined; it is tried again on reload',
      )
    })
  }
}
