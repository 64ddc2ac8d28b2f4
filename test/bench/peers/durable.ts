import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { startServer, type ServerProcess } from '../children.ts'
import { SECRET } from '../load/ring.ts'
import { installPeer } from './install.ts'

const BETTER_SQLITE3 = 'better-sqlite3@13.2.0'
const BULLMQ = ['bullmq@6.7.0', 'ioredis@6.0.0']
const GRAPHILE_WORKER = 'graphile-worker@0.18.0'

/** A server that keeps what it answers. */
export interface DurablePeer {
  server: ServerProcess
  /** How many accepted events it has kept. */
  kept: () => number | Promise<number>
  stop: () => Promise<void>
}

/** Express with one insert per request into PostgreSQL. */
export async function startExpressPg(url: string): Promise<DurablePeer> {
  const server = await startServer({
    name: 'Express + pg',
    command: process.execPath,
    args: [join(import.meta.dirname, 'express-pg.ts')],
    env: { ...ENV, DATABASE_URL: url },
  })
  return {
    server,
    kept: () => countIn(url, 'deliveries join events on events.id = event_id'),
    stop: () => server.stop(),
  }
}

/** Express with one transaction per request on better-sqlite3, in a file in `folder`. */
export async function startExpressBetterSqlite3(folder: string): Promise<DurablePeer> {
  const script = 'express-better-sqlite3.mjs'
  const place = installPeer(folder, script, [BETTER_SQLITE3])
  const file = join(place, 'events.sqlite')
  const server = await startScript('Express + better-sqlite3', place, script, { DATABASE: file })
  const kept = () => {
    const database = new DatabaseSync(file, { readOnly: true })
    const query = database.prepare('select count(*) as n from deliveries join events on events.id = event_id')
    const n = Number(query.get()?.['n'])
    database.close()
    return n
  }
  return { server, kept, stop: () => server.stop() }
}

/** Express that adds a job of BullMQ per request, on a Redis of its own that flushes every command to `folder`. */
export async function startExpressBullmq(folder: string): Promise<DurablePeer> {
  const script = 'express-bullmq.mjs'
  const place = installPeer(folder, script, BULLMQ)
  const redis = await startRedis(join(place, 'redis'))
  const server = await startScript('Express + BullMQ', place, script, { REDIS_PORT: String(redis.port) })
  return {
    server,
    kept() {
      const args = ['-p', String(redis.port), 'llen', 'bull:events:wait']
      return Number(execFileSync('redis-cli', args, { encoding: 'utf8' }))
    },
    async stop() {
      await server.stop()
      await redis.stop()
    },
  }
}

/** Express that adds a job of graphile-worker per request. */
export async function startExpressGraphileWorker(folder: string, url: string): Promise<DurablePeer> {
  const script = 'express-graphile-worker.mjs'
  const place = installPeer(folder, script, [GRAPHILE_WORKER])
  const server = await startScript('Express + graphile-worker', place, script, { DATABASE_URL: url })
  return { server, kept: () => countIn(url, 'graphile_worker.jobs'), stop: () => server.stop() }
}

const ENV = { SECRET, NODE_ENV: 'production' }

/** Starts a script that was installed beside its packages; it takes Express and the endpoint from the project. */
function startScript(
  name: string,
  place: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const ENDPOINT = new URL('./endpoint.ts', import.meta.url).href
  return startServer({
    name,
    command: process.execPath,
    args: [script],
    env: { ...ENV, ENDPOINT, ...env },
    cwd: place,
  })
}

function startRedis(folder: string): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true })
  const files = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
  return startServer({
    name: 'Redis',
    command: 'redis-server',
    args: ['--port', '{port}', '--bind', '127.0.0.1', ...files],
  })
}

/** Returns the number of rows of a table, or of a join. */
export async function countIn(url: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${table}`)
  await client.end()
  return Number(rows[0]?.n)
}
