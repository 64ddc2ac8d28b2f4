/**
 * How long each list and filter of the management API takes on a full store: `node test/scale/measure-lists.ts [events]`
 * fills a SQLite store and, where it is installed, a PostgreSQL server of its own. Prints Markdown; times are medians of
 * seven calls, in ms.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'
import { fillLists } from './fill-lists.ts'

const events = Number(process.argv[2] ?? 1_000_000)
const BEGAN = 1_700_000_000_000
const CALLS = 7
const limit = 50
const middle = BEGAN + (events / 2) * 1_000

type Case = [name: string, call: (store: Store) => Promise<unknown>]

const CASES: readonly Case[] = [
  ['events', (store) => store.listEvents({ limit })],
  ['events, a page in the middle', (store) => store.listEvents({ limit, cursor: String(events / 2) })],
  ['events ?source', (store) => store.listEvents({ limit, source: 'wandb' })],
  ['events ?source that is not there', (store) => store.listEvents({ limit, source: 'nobody' })],
  ['events ?model, one of 1,000', (store) => store.listEvents({ limit, model: 'model-7' })],
  ['events ?alias', (store) => store.listEvents({ limit, alias: 'production' })],
  ['events ?model&alias', (store) => store.listEvents({ limit, model: 'model-7', alias: 'staging' })],
  ['events ?status=unmatched', (store) => store.listEvents({ limit, status: 'unmatched' })],
  ['events ?automation', (store) => store.listEvents({ limit, automation: 'automation-3' })],
  ['events ?until, half of them ago', (store) => store.listEvents({ limit, until: middle })],
  ['events ?since&until', (store) => store.listEvents({ limit, since: middle, until: middle + 60_000 })],
  ['events ?q that fits', (store) => store.listEvents({ limit, q: 'title of 1' })],
  ['events ?q that fits nothing', (store) => store.listEvents({ limit, q: 'no such text' })],
  ['deliveries', (store) => store.listDeliveries({ limit })],
  ['deliveries ?status=failed', (store) => store.listDeliveries({ limit, status: 'failed' })],
  ['deliveries ?automation', (store) => store.listDeliveries({ limit, automation: 'automation-3' })],
  ['deliveries ?destination', (store) => store.listDeliveries({ limit, destination: 'acme/repo-3' })],
  ['deliveries ?model', (store) => store.listDeliveries({ limit, model: 'model-7' })],
  [
    'deliveries ?alias&status',
    (store) => store.listDeliveries({ limit, alias: 'staging', status: 'failed' }),
  ],
  ['deliveries ?until, half of them ago', (store) => store.listDeliveries({ limit, until: middle })],
  ['deliveries ?q that fits nothing', (store) => store.listDeliveries({ limit, q: 'no such text' })],
  ['subjects', (store) => store.listSubjects({ limit })],
  ['lanes', (store) => store.listLanes({})],
  ['sources', (store) => store.sourceActivity({ sources: ['wandb', 'other'] })],
  ['audit', (store) => store.listAudit({ limit })],
]

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-lists-'))
try {
  const columns = [await measureSqlite(), await measurePostgres()]
  console.log(`${events} events, ${events / 2} deliveries; ms, the median of ${CALLS} calls\n`)
  console.log('| list | SQLite | PostgreSQL |\n| --- | --- | --- |')
  for (const [index, [name]] of CASES.entries())
    console.log(`| ${name} | ${columns.map((column) => column[index] ?? '').join(' | ')} |`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measureSqlite(): Promise<string[]> {
  await (await openSqliteStore(folder)).close()
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.db') || name.endsWith('.sqlite'))
  const database = new DatabaseSync(join(folder, file))
  const numbers = `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${events}) select i from n)`
  for (const text of fillLists({ numbers, raw: "x'7b7d'", began: BEGAN })) database.exec(text)
  database.close()
  const store = await openSqliteStore(folder)
  const times = await measure(store)
  await store.close()
  return times
}

async function measurePostgres(): Promise<string[]> {
  const programs = postgresPrograms()
  if (programs === null) return []
  const server = await startPostgres(programs)
  try {
    const url = server.createDatabase('lists')
    const store = await openPostgresStore(url, { clock: 'caller' })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const numbers = `(select i from generate_series(1, ${events}) as i)`
    for (const text of fillLists({ numbers, raw: "'\\x7b7d'::bytea", began: BEGAN })) await client.query(text)
    await client.query('vacuum analyze')
    await client.end()
    const times = await measure(store)
    await store.close()
    return times
  } finally {
    await server.stop()
  }
}

async function measure(store: Store): Promise<string[]> {
  const medians: string[] = []
  for (const [, call] of CASES) {
    const times: number[] = []
    for (let n = 0; n < CALLS; n++) {
      const began = performance.now()
      await call(store)
      times.push(performance.now() - began)
    }
    medians.push((times.sort((a, b) => a - b)[Math.floor(CALLS / 2)] ?? 0).toFixed(1))
  }
  return medians
}
