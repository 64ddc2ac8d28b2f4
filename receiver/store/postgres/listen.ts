import { sql } from 'kysely'
import pg from 'pg'
import type { Db } from '../flavor.ts'

const CHANNEL = 'model_dispatch_work'
const RECONNECT_MS = 1_000

export interface Listening {
  /** Tells the other replicas, when this transaction commits, that there is work. */
  notify(db: Db): Promise<void>
  close(): Promise<void>
}

/** Hears when another replica has put work into the store; reconnects for ever when the connection breaks. */
export function listen(config: pg.ClientConfig, wake: () => void): Listening {
  let client: pg.Client | null = null
  let closed = false
  let timer: NodeJS.Timeout | null = null

  const connect = async () => {
    const next = new pg.Client(config)
    const lost = () => {
      if (client !== next) return
      client = null
      again()
    }
    next.on('error', lost)
    next.on('end', lost)
    next.on('notification', wake)
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
      client = next
      // Whatever was announced while nobody listened is looked for once.
      wake()
    } catch {
      next.removeAllListeners('end')
      await next.end().catch(() => undefined)
      again()
    }
  }
  const again = () => {
    if (!closed) timer = setTimeout(() => void connect(), RECONNECT_MS)
  }
  void connect()

  return {
    async notify(db) {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(db)
    },
    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      const open = client
      client = null
      await open?.end()
    },
  }
}
