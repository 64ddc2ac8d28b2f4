import { countsWhatIsKept, type Contender } from '../contenders.ts'
import type { Bench } from '../line.ts'
import { githubScheme, wandbScheme } from '../load/ring.ts'
import {
  startExpressBetterSqlite3,
  startExpressBullmq,
  startExpressGraphileWorker,
  startExpressPg,
  type DurablePeer,
} from './durable.ts'
import { startProbot, startWebhook } from './servers.ts'
import type { ServerProcess } from '../children.ts'

/** A server that may be missing on a machine, beside ours. */
export interface OptionalPeer {
  contender: Contender
  /** What our ratio to it must be at least; null: it does less than we do, and no goal is set. */
  at_least: number | null
}

interface Recipe {
  title: string
  keeps: string
  at_least: number | null
  /** How to get it where it cannot be started. */
  missing: string
  start: (folder: string, createDatabase: CreateDatabase) => Promise<Started>
}

type Started = Pick<Contender, 'server' | 'scheme' | 'check' | 'renew' | 'stop'>

/** Makes an empty database on PostgreSQL and returns its URL. Throws where PostgreSQL is not installed. */
export type CreateDatabase = (name: string) => string

/**
 * Starts the peers that this machine has. Returns them, and a note for each that is missing.
 */
export async function startOptionalPeers(
  { folder, say }: Bench,
  createDatabase: CreateDatabase,
): Promise<{ peers: OptionalPeer[]; notes: string[] }> {
  const peers: OptionalPeer[] = []
  const notes: string[] = []
  for (const { title, keeps, at_least, missing, start } of RECIPES) {
    try {
      const started = await start(folder, createDatabase)
      peers.push({ contender: { title, keeps, rates: [], ...started }, at_least })
    } catch (error) {
      say(`${title} is skipped: ${error instanceof Error ? error.message : String(error)}`)
      notes.push(`Not compared with ${title}: ${missing}`)
    }
  }
  return { peers, notes }
}

const POSTGRES_MISSING =
  'PostgreSQL or the package is missing; `sudo apt-get install -y postgresql` installs the server on Debian and Ubuntu.'

const RECIPES: readonly Recipe[] = [
  {
    title: 'Express + BullMQ, appendfsync always',
    keeps: 'a job that carries the event, in Redis, whose append-only file is flushed for every command',
    at_least: 1,
    missing:
      'Redis or the package is missing; `sudo apt-get install -y redis` installs the server on Debian and Ubuntu.',
    start: async (folder) => durable('Express + BullMQ', await startExpressBullmq(folder)),
  },
  {
    title: 'Express + pg, one insert per request',
    keeps: 'an event and a delivery, in PostgreSQL, one statement per request over a pool of 10 connections',
    at_least: 1,
    missing: POSTGRES_MISSING,
    start: async (_, createDatabase) =>
      durable('Express + pg', await startExpressPg(createDatabase('express_pg'))),
  },
  {
    title: 'Express + better-sqlite3, one insert per request',
    keeps: 'an event and a delivery, in SQLite (WAL, synchronous=FULL), one transaction per request',
    at_least: 2.5,
    missing: '`npm install better-sqlite3` did not work here.',
    start: async (folder) => durable('Express + better-sqlite3', await startExpressBetterSqlite3(folder)),
  },
  {
    title: 'Express + graphile-worker',
    keeps: 'a job that carries the event, in PostgreSQL, by addJob',
    at_least: 5,
    missing: POSTGRES_MISSING,
    start: async (folder, createDatabase) => {
      const peer = await startExpressGraphileWorker(folder, createDatabase('express_graphile_worker'))
      return durable('Express + graphile-worker', peer)
    },
  },
  {
    title: "Probot's middleware",
    keeps: 'nothing',
    at_least: null,
    missing: '`npm install probot` did not work here.',
    start: async (folder) => keepsNothing(await startProbot(folder), '/'),
  },
  {
    title: 'adnanh/webhook',
    keeps: 'nothing; starts `/bin/true` for each request',
    at_least: null,
    missing: '`sudo apt-get install -y webhook` installs it on Debian and Ubuntu.',
    start: (folder) => renewed(() => startWebhook(folder), '/hooks/promoted'),
  },
]

const durable = (title: string, { server, kept, stop }: DurablePeer): Started => ({
  server,
  scheme: wandbScheme('/webhooks/wandb'),
  check: countsWhatIsKept(title, kept),
  stop,
})

const keepsNothing = (server: ServerProcess, path: string): Started => ({
  server,
  scheme: githubScheme(path),
  check: () => undefined,
  stop: () => server.stop(),
})

/** A server that answers before it has done its work: tens of thousands of commands would be started beside the next load. */
async function renewed(start: () => Promise<ServerProcess>, path: string): Promise<Started> {
  let server = await start()
  return {
    ...keepsNothing(server, path),
    async renew() {
      await server.stop()
      server = await start()
      return server
    },
    stop: () => server.stop(),
  }
}
