import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startServer, type ServerProcess } from './children.ts'
import { SECRET } from './load/ring.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NO_STORE = join(import.meta.dirname, 'peers', 'no-store.ts')

export interface ReceiverOptions {
  /** Where its configuration and its data go; made where it does not exist. */
  folder: string
  github_url: string
  /** What comes below `sources` in the configuration. */
  config: string
  /** Node's own options. */
  node?: readonly string[]
  /** Keeps everything in this PostgreSQL database instead of SQLite. */
  database?: string
  /** The checkout of the project that is run. Default: this one. */
  root?: string
}

/** The receiver as `npm start` runs it, with its log at the default level. */
export const startReceiver = (options: ReceiverOptions): Promise<ServerProcess> =>
  start('receiver', join(options.root ?? ROOT, 'receiver', 'main.ts'), options)

/** The same over a store that keeps nothing. */
export const startWithoutStore = (options: ReceiverOptions): Promise<ServerProcess> =>
  start('receiver without a store', NO_STORE, options)

function start(name: string, main: string, options: ReceiverOptions): Promise<ServerProcess> {
  return startServer({
    name,
    command: process.execPath,
    args: [...startOptions(), ...(options.node ?? []), main],
    env: receiverEnvironment(options),
  })
}

/** Writes the configuration of a receiver; returns the variables that it starts with. */
export function receiverEnvironment(options: Omit<ReceiverOptions, 'node' | 'root'>): Record<string, string> {
  const { folder, github_url, config, database } = options
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(path, `version: 1\nsources:\n  wandb: { type: wandb, secrets: ['${SECRET}'] }\n${config}`)
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    DATA_DIR: dataOf(folder),
    MODEL_DISPATCH_CONFIG: path,
    GITHUB_API_URL: github_url,
    GITHUB_TOKEN: 'ghp_tokenOfTheBenchmark',
    DRAIN_SECONDS: '0',
    ...(database === undefined ? {} : { DATABASE_URL: database }),
  }
}

/** Node's options in `npm start`. */
function startOptions(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  return scripts.start.split(' ').filter((word) => word.startsWith('--'))
}

/** One automation: the alias `alias` of any model starts acme/serving, `pace` writes a second (0: no pace). */
export const oneAutomation = (alias: string, pace: number): string => `github:
  main: { repositories: ['acme/*'], writes_per_second: ${pace} }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: ${alias} }
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
`

/** Lanes of `manyLanes`. */
export const LANES = 16

/**
 * Configures one automation and one GitHub user for each sixteenth of the models, told by the first letter of the name
 * (`nameInLane`): each user is a lane, and a lane has one request at a time.
 */
export function manyLanes(): string {
  const names = Array.from({ length: LANES }, (_, i) => i.toString(16))
  const connection = (name: string) =>
    `  user-${name}: { repositories: ['acme/*'], writes_per_second: 0, token: token_${name} }`
  const automation = (name: string) => `  - name: deploy-${name}
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production, model: '${name}-*' }
    destinations: [{ type: repository_dispatch, repository: acme/serving, connection: user-${name} }]`
  return ['github:', ...names.map(connection), 'automations:', ...names.map(automation), ''].join('\n')
}

/** Returns the name of the n-th model, in the lane whose turn it is. */
export const nameInLane = (n: number | string, lane: number): string => `${(lane % LANES).toString(16)}-${n}`

/** What is on the disk of a receiver that runs. */
export function countRows(folder: string): { events: number; deliveries: number } {
  const database = new DatabaseSync(join(dataOf(folder), 'model-dispatch.sqlite'), { readOnly: true })
  const count = (table: string) =>
    Number(database.prepare(`select count(*) as n from ${table}`).get()?.['n'] ?? NaN)
  // One look at both: requests that are cut off when a load ends may still be on their way in.
  database.exec('begin')
  const rows = { events: count('events'), deliveries: count('deliveries') }
  database.close()
  return rows
}

/** Returns the DATA_DIR of a receiver in `folder`. */
export const dataOf = (folder: string): string => join(folder, 'data')
