import type { Duplex } from 'node:stream'
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { asError } from '../../observe/reason-of.ts'
import type { Begun, Db } from '../db.ts'
import type { Tables } from '../schema.ts'
import type { Call } from '../statement.ts'

type Transaction = Pick<Begun, 'db' | 'batch' | 'finish'>

/** Where transactions take place. */
interface Connections {
  /** In pipeline mode: what is sent together arrives as one message. */
  pool: pg.Pool
  /** The statement that begins a transaction there. */
  begin: string
}

/**
 * Runs `work` in a transaction on a connection of a pool. The beginning goes along with the first statements, and `last`
 * with the commit.
 */
export async function inTransaction<T>(
  { pool, begin }: Connections,
  work: (transaction: Transaction) => Promise<T>,
  last: () => readonly Call[] = () => [],
): Promise<T> {
  const client = await pool.connect()
  const session = sessionOf(client, begin)
  let broken: Error | undefined
  try {
    const value = await work(session)
    if (session.begun) await session.send([...last().map(toQuery), { text: 'commit' }])
    return value
  } catch (error) {
    if (session.begun) {
      await client.query('rollback').catch((reason: unknown) => {
        broken = asError(reason)
      })
    }
    throw error
  } finally {
    session.begun = false
    client.release(broken)
  }
}

/** The work on one connection: a transaction begins with its first statement. */
interface Session extends Transaction {
  begun: boolean
  send(queries: readonly pg.QueryConfig[]): Promise<pg.QueryResult[]>
}

const sessions = new WeakMap<pg.PoolClient, Session>()

function sessionOf(client: pg.PoolClient, begin: string): Session {
  const known = sessions.get(client)
  if (known !== undefined) return known
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
  const session: Session = {
    begun: false,
    async send(queries) {
      const all = session.begun ? queries : [{ text: begin }, ...queries]
      session.begun = true
      stream.cork()
      const sent = all.map((query) => client.query(query))
      stream.uncork()
      const results = await Promise.allSettled(sent)
      const failed = results.find(({ status }) => status === 'rejected')
      if (failed !== undefined) await Promise.all(sent)
      return Promise.all(sent.slice(all.length - queries.length))
    },
    async batch(calls) {
      const results = await session.send(calls.map(toQuery))
      return results.map(({ rows }) => rows as unknown[])
    },
    async finish(calls) {
      const results = await session.send([...calls.map(toQuery), { text: 'commit' }])
      session.begun = false
      return results.slice(0, calls.length).map(({ rows }) => rows as unknown[])
    },
    db: kyselyOn({
      async query(text: string, values: readonly unknown[]) {
        const [result] = await session.send([{ text, values: [...values] }])
        return result
      },
      release: () => undefined,
    }),
  }
  sessions.set(client, session)
  return session
}

/** Kysely on one connection, in whatever transaction that is. */
function kyselyOn(client: object): Db {
  const pool: PostgresPool = {
    options: {},
    connect: () => Promise.resolve(client as PostgresPoolClient),
    end: () => Promise.resolve(),
  }
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

const toQuery = ({ name, postgres, parameters }: Call): pg.QueryConfig => ({
  name,
  text: postgres,
  values: [...parameters],
})
