import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { asError } from '../../observe/reason-of.ts'
import { Interrupted, type Db } from '../db.ts'
import { migrate, refuseSchema, schemaVersion } from '../migrations/migrate.ts'
import { isList, operationsThrough } from '../operations-through.ts'
import { OPERATIONS, runOperation } from '../operations.ts'
import type { Tables } from '../schema.ts'
import type { OperationName, Store } from '../store.ts'
import { sharedClock } from './clock.ts'
import { explainServer, isOfServer, openError, reviseError, type ServerFacts } from './errors.ts'
import { POSTGRES } from './dialect.ts'
import { listen, notifying } from './listen.ts'
import { takeTurns } from './servers.ts'
import { inTransaction } from './transaction.ts'

/** The lock that every migration of this database takes: "model-dispatch" on a phone's keypad. */
const MIGRATION_LOCK = 663_353_472

/** How long a replica that is stopped in the middle of a transaction keeps its locks, in ms. */
const STOPPED_MS = 10_000

/** How often a transaction that lost against another one is run in all. */
const TRIES = 5

/** Connections of one replica for all but lists. */
const WORKING = 10
/** Connections that lists have to themselves: however many are asked for, nothing else waits for one of theirs. */
const LISTING = 4

/** How to open the shared store. */
export interface PostgresOptions {
  /** Whose time `now` is in the end: the server's, so that replicas agree, or the caller's, for tests. */
  clock?: 'server' | 'caller'
}

/**
 * Opens the shared store, on the first server of `url` that takes writes. A server that goes away later makes operations throw `StoreUnavailable` until it is back.
 *
 * @throws StoreRefused when the URL or the schema is wrong, StoreUnavailable while the server is away
 */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  const { pool, lists, servers, config, onServer } = connect(url)
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const open = async (others: number): Promise<void> => {
    try {
      await onServer(() => prepare(db))
    } catch (error) {
      if (others === 0 || !isOfServer(error)) throw error
      await open(others - 1)
    }
  }
  try {
    await open(servers.count - 1)
  } catch (error) {
    await Promise.all([pool.end(), lists.end()])
    throw openError(error)
  }

  const listeners = new Set<(lanes: readonly string[]) => void>()
  const listening = listen(
    () => ({ ...config, connectionString: servers.current() }),
    (lanes) => {
      for (const wake of listeners) wake(lanes)
    },
  )
  const clock = options.clock === 'caller' ? null : sharedClock(db)

  const call = async (name: OperationName, args: unknown): Promise<unknown> => {
    const { wakes } = OPERATIONS[name]
    const connections = isList(name) ? { pool: lists, begin: 'begin read only' } : { pool, begin: 'begin' }
    for (let tried = 1; ; tried++) {
      try {
        return await onServer(async () => {
          const time = clock === null ? {} : { now: await clock.now() }
          return await inTransaction(
            connections,
            (begun) => runOperation(name, args as never, { ...begun, dialect: POSTGRES, ...time }),
            () => {
              const lanes = wakes?.(args as never) ?? null
              return lanes === null ? [] : [notifying(lanes)]
            },
          )
        })
      } catch (error) {
        if (tried < TRIES && isRetryable(error)) continue
        throw reviseError(error)
      }
    }
  }
  return {
    ...operationsThrough(call),
    engine: 'postgres',
    onWork: (listener) => listeners.add(listener),
    async close() {
      await listening.close()
      await Promise.all([db.destroy(), lists.end()])
    },
  }
}

/**
 * Looks at the shared store: whether it can be reached and used, and is of this version. Changes nothing.
 *
 * @throws StoreRefused, StoreUnavailable as `openPostgresStore` does
 */
export async function inspectPostgresStore(url: string): Promise<void> {
  const { pool, lists, servers, onServer } = connect(url)
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    for (let others = servers.count - 1; ; others -= 1) {
      try {
        await onServer(() => look(db))
        return
      } catch (error) {
        if (others === 0 || !isOfServer(error)) throw openError(error)
      }
    }
  } finally {
    await Promise.all([db.destroy(), lists.end()])
  }
}

/** Checks what `prepare` needs, without preparing anything. */
async function look(db: Db): Promise<void> {
  const unfit = explainServer(await serverFacts(db))
  if (unfit !== null) throw unfit
  const at = await schemaVersion(db, POSTGRES)
  refuseSchema(at)
  const { rows } = await sql<{ may: boolean | null }>`
    select case when ${at}::int is null then has_schema_privilege(current_schema(), 'create') else
      has_table_privilege('deliveries', 'select') and has_table_privilege('deliveries', 'insert') and
      has_table_privilege('deliveries', 'update') and has_table_privilege('deliveries', 'delete') end as may`.execute(
    db,
  )
  if (rows[0]?.may !== true)
    throw Object.assign(new Error('this user may not use the tables, or make them'), { code: '42501' })
}

/** Returns the connections to the servers of a URL, of which one is used at a time. */
function connect(url: string) {
  // int8 and count(*) arrive as text by default; all of ours are far below 2^53.
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const servers = takeTurns(url)
  const config = {
    connectionString: servers.current(),
    connectionTimeoutMillis: 5_000,
    idle_in_transaction_session_timeout: STOPPED_MS,
    pipeline: true,
    types,
    application_name: 'model-dispatch',
  }
  const pool = createPool({ ...config, max: WORKING }, servers.count > 1)
  const lists = createPool({ ...config, max: LISTING }, servers.count > 1)
  /** Runs `work` on the server whose turn it is; where that one cannot be used, the next call goes to the next one. */
  const onServer = async <T>(work: () => Promise<T>): Promise<T> => {
    const tried = servers.current()
    for (const { options } of [pool, lists]) options.connectionString = tried
    try {
      return await work()
    } catch (error) {
      if (isOfServer(error)) servers.failed(tried)
      throw error
    }
  }
  return { pool, lists, servers, config, onServer }
}

function createPool(config: pg.PoolConfig, is_one_of_several: boolean): pg.Pool {
  const pool = new pg.Pool({ ...config, ...(is_one_of_several ? { verify: refuseStandby } : {}) })
  // A connection that breaks while idle is replaced by the pool; the next operation tells if none can be had.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    // A plan for all that may come is made while the tables are empty, and walks through them when they are full.
    client.query('set plan_cache_mode = force_custom_plan').catch(() => undefined)
  })
  // A connection that breaks between two queries of a transaction says so here; the next query of it fails.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Checks that the server fits, and brings its tables to what this program needs. */
async function prepare(db: Db): Promise<void> {
  const unfit = explainServer(await serverFacts(db))
  if (unfit !== null) throw unfit
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx)
    await migrate(trx, POSTGRES)
  })
}

/** Of several servers, one takes writes at a time: a new connection to another one is given up at once. */
function refuseStandby(client: pg.PoolClient, done: (error?: Error) => void): void {
  client
    .query<{ read_only: boolean }>(`select current_setting('transaction_read_only')::boolean as read_only`)
    .then(
      ({ rows: [row] }) => {
        done(
          row?.read_only === true
            ? Object.assign(new Error('the server is read-only'), { code: '25006' })
            : undefined,
        )
      },
      (error: unknown) => done(asError(error)),
    )
}

async function serverFacts(db: Db): Promise<ServerFacts> {
  const { rows } = await sql<ServerFacts>`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text,
      current_setting('server_encoding') as encoding,
      current_setting('transaction_read_only')::boolean as read_only`.execute(db)
  const [facts] = rows
  if (facts === undefined) throw new Error('PostgreSQL says nothing about itself.')
  return facts
}

/** Deadlock, serialization failure or interruption: it was undone, the same again will do. */
function isRetryable(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return error instanceof Interrupted || code === '40P01' || code === '40001'
}
