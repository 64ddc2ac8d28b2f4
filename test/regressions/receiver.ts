import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import type { TypeTables } from '../../receiver/config/schema.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { systemClock, type Clock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { startReceiver } from '../../receiver/receiver.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { startGitHub, type StandInGitHub, type StandInOptions } from '../standins/github/index.ts'
import { request, type Answer } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { DATABRICKS_SECRET, WANDB_SECRET } from '../support/send.ts'
import { outboundOf } from '../support/outbound.ts'

const ENV = {
  GITHUB_TOKEN: 'ghp_tokenOfTheTests0001',
  WANDB_WEBHOOK_SECRET: WANDB_SECRET,
  DATABRICKS_WEBHOOK_SECRET: DATABRICKS_SECRET,
}

/** For what comes by itself, on however busy a machine. */
export const SOON = { timeout: 20_000 }

/** A clock in which no retry falls due. */
export function stoppedClock(): Clock {
  const now = Date.now()
  return { wall: () => now, steady: () => now }
}

export interface HouseOptions {
  /** The text of the configuration file. Default: the alias `production` starts `acme/serving`. */
  config?: string
  /** What stands between the receiver and its store. */
  around?: (store: Store) => Store
  clock?: Clock
  public_url?: string
  types?: TypeTables
  github?: StandInOptions
  /** More variables of the environment. */
  env?: Readonly<Record<string, string>>
  /** What GitHub is told before the receiver starts. */
  prepare?: (github: StandInGitHub) => void
}

/** One delivery as the API shows it. */
export interface ShownDelivery {
  status: string
  attempts: { status: number | null; class: string; response: string | null }[]
  error: { class: string; message: string; fix: string } | null
}

/** The whole receiver in this process, so that its store and its clock can be put in, and the GitHub beside it. */
export interface House {
  url: string
  store: Store
  github: StandInGitHub
  /** All that was logged. */
  log: Record<string, unknown>[]
  api: (path: string) => Promise<Answer>
  delivery: (id: string) => Promise<ShownDelivery>
  /** Puts another configuration in force: what `Receiver.reload` answers. */
  reload: (config: string) => Promise<boolean>
  /** Ends the receiver and starts another one on the same data. */
  restart: () => Promise<void>
  close: () => Promise<void>
}

/** Starts it. GitHub's own limits are off. */
export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const { config = DEPLOY_CONFIG, around = (store: Store) => store } = options
  const { types = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES } } = options
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-house-'))
  const github = await startGitHub({ limits: { enabled: false }, ...options.github })
  options.prepare?.(github)
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(path, config)
  const log: Record<string, unknown>[] = []
  const write = (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>)

  function load() {
    const env = { ...ENV, ADMIN_TOKEN, GITHUB_API_URL: github.url, ...options.env }
    return loadConfig({ path, env, environment: readEnvironment(env), ...types })
  }
  async function open() {
    const loaded = load()
    const store = await openSqliteStore(join(folder, 'data'))
    const receiver = await startReceiver({
      host: '127.0.0.1',
      port: 0,
      public_url: options.public_url ?? null,
      config: loaded.config,
      store: around(store),
      github: createGitHub,
      outbound: outboundOf(readEnvironment(options.env ?? {})),
      log: createLog('info', { write }),
      clock: options.clock ?? systemClock(0),
      types,
    })
    return { store, receiver }
  }
  let running = await open()

  const house: House = {
    url: running.receiver.url,
    store: running.store,
    github,
    log,
    api: (path) => request(`${house.url}${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
    async delivery(id) {
      return (await house.api(`/api/v1/deliveries/${id}`)).body as unknown as ShownDelivery
    },
    reload(text) {
      writeFileSync(path, text)
      return running.receiver.reload(load().config)
    },
    async restart() {
      await running.receiver.stop(0)
      running = await open()
      house.url = running.receiver.url
      house.store = running.store
    },
    async close() {
      await running.receiver.stop(0)
      await github.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return house
}

/** The ids of all stored events, oldest first. */
export async function storedEvents({ store }: House): Promise<string[]> {
  return (await store.listEvents({ limit: 200 })).items.map(({ id }) => id).reverse()
}

/** The first delivery of an accepted event. */
export function deliveryIn({ body }: Answer): string {
  return String((body['deliveries'] as string[] | undefined)?.[0])
}
