import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { createDatabase } from '../support/database.ts'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const server = inject('postgresUrl')
const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-start-'))
const started: ReceiverProcess[] = []
afterAll(async () => {
  for (const receiver of started) await receiver.remove()
  rmSync(folder, { recursive: true, force: true })
})

function receiverOn(store: { database: string } | { data_dir: string }): ReceiverProcess {
  const database = 'database' in store ? { DATABASE_URL: store.database } : {}
  const receiver = new ReceiverProcess({
    config: DEPLOY_CONFIG,
    github_url: 'http://127.0.0.1:9',
    ...('data_dir' in store ? { data_dir: store.data_dir } : {}),
    env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, ...database },
  })
  started.push(receiver)
  return receiver
}

/** Starts a receiver that must not start; gives its exit code and what it says. */
async function refused(store: Parameters<typeof receiverOn>[0]) {
  const receiver = receiverOn(store)
  const exited = receiver.launch()
  await receiver.waitFor(() => !receiver.running || receiver.logged('listening').length > 0, 25_000)
  if (receiver.running) throw new Error(`It did start:\n${receiver.output}`)
  return { code: (await exited).code, said: receiver.output }
}

/** Exit code 2, or another one, with one message and no stack. */
function expectExplained(answer: { code: number | null; said: string }, ...words: RegExp[]) {
  expectEnd(2, answer, words)
}

/** The same with the exit code of a start that may succeed later. */
function expectLater(answer: { code: number | null; said: string }, ...words: RegExp[]) {
  expectEnd(75, answer, words)
}

function expectEnd(
  exit_code: number,
  { code, said }: { code: number | null; said: string },
  words: readonly RegExp[],
) {
  expect(said).toMatch(/^Model Dispatch did not start\.\n/)
  for (const word of words) expect(said).toMatch(word)
  expect(said).not.toMatch(/^\s+at /m)
  expect(said).not.toMatch(/hunter2/)
  expect(code).toBe(exit_code)
}

describe.concurrent('a DATABASE_URL that leads nowhere', () => {
  it('to a port where nobody listens: says what to check, without the password', async () => {
    const answer = await refused({ database: 'postgres://dispatch:hunter2@127.0.0.1:1/dispatch' })
    expectLater(answer, /DATABASE_URL cannot be used: .*ECONNREFUSED/, /Check that the server/)
  })

  it('to a host that does not exist', async () => {
    const answer = await refused({ database: 'postgres://dispatch:hunter2@no-such-host.invalid/dispatch' })
    expectLater(answer, /DATABASE_URL cannot be used: .*no-such-host\.invalid/, /Check that the server/)
  })

  it('to another kind of database', async () => {
    const answer = await refused({ database: 'mysql://dispatch:hunter2@127.0.0.1/dispatch' })
    expectExplained(answer, /DATABASE_URL/, /postgres:\/\//)
  })

  it.skipIf(server === null)('to a database that was never made', async () => {
    const answer = await refused({ database: new URL('/no_such_database', server ?? '').href })
    expectExplained(answer, /"no_such_database" does not exist/, /Create it/)
  })

  it.skipIf(server === null)('to a user who may make no tables', async () => {
    const database = await createDatabase(server ?? '')
    const answer = await refused({ database: await guestOf(database) })
    expectExplained(answer, /permission denied/, /grant create/)
  })

  it.skipIf(server === null)('to a user who may only read the tables', async () => {
    const database = await createDatabase(server ?? '')
    await (await openPostgresStore(database)).close()
    const guest = await guestOf(database, 'grant select on all tables in schema public to')
    const answer = await refused({ database: guest })
    expectExplained(answer, /permission denied/, /grant select, insert, update, delete on all tables/)
  })

  it.skipIf(server === null)('to a database that cannot hold every text', async () => {
    const database = await createDatabase(server ?? '', "encoding 'LATIN1' locale 'C' template template0")
    const answer = await refused({ database })
    expectExplained(answer, /the encoding LATIN1, and UTF8 is needed/, /encoding 'UTF8'/)
  })

  it.skipIf(server === null)('to a database that takes no writes', async () => {
    const database = await createDatabase(server ?? '')
    await run(
      database,
      `alter database ${new URL(database).pathname.slice(1)} set default_transaction_read_only = on`,
    )
    expectLater(await refused({ database }), /the server is read-only/, /Name the primary/)
  })

  it.skipIf(server === null)('to a server without TLS, with sslmode', async () => {
    const database = `${await createDatabase(server ?? '')}?sslmode=verify-full`
    expectExplained(await refused({ database }), /does not support SSL/, /Remove `sslmode`/)
  })
})

/** The URL of a new user of that database. `grant` goes without the user's name at its end. */
async function guestOf(database: string, grant?: string): Promise<string> {
  const user = `guest_${new URL(database).pathname.slice(1)}`
  await run(database, `create user ${user}`, ...(grant === undefined ? [] : [`${grant} ${user}`]))
  const url = new URL(database)
  url.username = user
  return url.href
}

async function run(database: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

describe.concurrent('a store that a newer program wrote', () => {
  const WORDS = [
    /The store has schema 99; this program knows \d+/,
    /-> Start that version, or restore a backup/,
  ]

  it('is refused on SQLite, and left as it is', async () => {
    const data_dir = join(folder, 'newer')
    await (await openSqliteStore(data_dir)).close()
    const file = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
    file.exec("update facts set value = '99' where key = 'schema'")
    expectExplained(await refused({ data_dir }), ...WORDS)
    expect(file.prepare("select value from facts where key = 'schema'").get()).toEqual({ value: '99' })
    file.close()
  })

  it.skipIf(server === null)('is refused on PostgreSQL', async () => {
    const database = await createDatabase(server ?? '')
    await (await openPostgresStore(database)).close()
    const client = new pg.Client({ connectionString: database })
    await client.connect()
    await client.query("update facts set value = '99' where key = 'schema'")
    await client.end()
    expectExplained(await refused({ database }), ...WORDS)
  })
})

describe.concurrent('a store from before the first release', () => {
  const WORDS = [
    /The store has schema 1; this program needs 4 or newer/,
    /-> Start with an empty DATA_DIR or/,
  ]

  it('is refused on SQLite, and left as it is', async () => {
    const data_dir = join(folder, 'older')
    await (await openSqliteStore(data_dir)).close()
    const file = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
    file.exec("update facts set value = '1' where key = 'schema'")
    expectExplained(await refused({ data_dir }), ...WORDS)
    expect(file.prepare("select value from facts where key = 'schema'").get()).toEqual({ value: '1' })
    file.close()
  })

  it.skipIf(server === null)('is refused on PostgreSQL', async () => {
    const database = await createDatabase(server ?? '')
    await (await openPostgresStore(database)).close()
    await run(database, "update facts set value = '1' where key = 'schema'")
    expectExplained(await refused({ database }), ...WORDS)
  })
})

describe.concurrent('a process that is killed in the middle of making the tables', () => {
  it('leaves nothing behind on SQLite: the next one starts', async () => {
    const data_dir = join(folder, 'interrupted')
    const script = join(import.meta.dirname, 'interrupted-migration.ts')
    expect(spawnSync(process.execPath, [script, data_dir]).signal).toBe('SIGKILL')
    const receiver = await receiverOn({ data_dir }).start()
    expect((await sendWandb(receiver.url, aliasBody())).status).toBe(202)
  })

  it.skipIf(server === null)('leaves nothing behind on PostgreSQL: the next one starts', async () => {
    const database = await createDatabase(server ?? '')
    const client = new pg.Client({ connectionString: database })
    await client.connect()
    // The last table cannot be made while another transaction makes one of that name.
    await client.query('begin')
    await client.query('create table facts (key text primary key)')
    const killed = receiverOn({ database })
    void killed.launch()
    await expect.poll(() => lockWaits(database), { timeout: 20_000 }).toBe(1)
    await killed.kill9()
    await client.query('rollback')
    await client.end()
    const receiver = await receiverOn({ database }).start()
    expect((await sendWandb(receiver.url, aliasBody())).status).toBe(202)
    // Names may be longer than what a database takes as a key.
    const long = Array.from({ length: 10_000 }, (_, n) => (n * 7919).toString(36)).join('-')
    const answer = await sendWandb(receiver.url, aliasBody({ artifact_collection_name: long }))
    expect(answer.status).toBe(202)
  })

  it.skipIf(server === null)('and three that start at once make the tables once', async () => {
    const database = await createDatabase(server ?? '')
    const receivers = [1, 2, 3].map(() => receiverOn({ database }))
    await Promise.all(receivers.map((receiver) => receiver.start()))
    for (const receiver of receivers) expect((await receiver.api('/readyz')).status).toBe(200)
  })
})

async function lockWaits(database: string): Promise<number> {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  )
  await client.end()
  return rows[0]?.n ?? 0
}
