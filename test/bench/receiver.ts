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
}

/** The receiver as `npm start` runs it, with SQLite on the disk and its log at the default level. */
export const startReceiver = (options: ReceiverOptions): Promise<ServerProcess> =>
  start('receiver', join(ROOT, 'receiver', 'main.ts'), options)

/** The same over a store that keeps nothing. */
export const startWithoutStore = (options: ReceiverOptions): Promise<ServerProcess> =>
  start('receiver without a store', NO_STORE, options)

function start(
  name: string,
  main: string,
  { folder, github_url, config, node = [] }: ReceiverOptions,
): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(path, `version: 1\nsources:\n  wandb: { type: wandb, secrets: ['${SECRET}'] }\n${config}`)
  return startServer({
    name,
    command: process.execPath,
    args: [...startOptions(), ...node, main],
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      DATA_DIR: dataOf(folder),
      MODEL_DISPATCH_CONFIG: path,
      GITHUB_API_URL: github_url,
      GITHUB_TOKEN: 'ghp_tokenOfTheBenchmark',
      DRAIN_SECONDS: '0',
    },
  })
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

const dataOf = (folder: string) => join(folder, 'data')
