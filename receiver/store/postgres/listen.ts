import pg from 'pg'
import { statement, type Call } from '../statement.ts'

const CHANNEL = 'model_dispatch_work'
const RECONNECT_MS = 1_000

/** The server takes less than 8000 bytes (https://www.postgresql.org/docs/current/sql-notify.html). */
const payload = (lane: string) => (Buffer.byteLength(lane) < 8_000 ? lane : '')

/** How a replica hears of the work of others. */
export interface Listening {
  close(): Promise<void>
}

/** Returns what tells all replicas, when the transaction commits, that there is work, and in which lanes if that is known. */
export function notifying(lanes: readonly string[]): Call {
  return notify(lanes.length === 0 ? [''] : [...new Set(lanes)].map(payload))
}

const notify = statement(
  'notify',
  () => `select pg_notify('${CHANNEL}', payload) from json_array_elements_text($1::json) as payload`,
  { only: true },
)

/** Hears when another replica has put work into the store; reconnects for ever when the connection breaks. */
export function listen(config: () => pg.ClientConfig, wake: (lanes: readonly string[]) => void): Listening {
  let client: pg.Client | null = null
  let closed = false
  let timer: NodeJS.Timeout | null = null
  const isClosed = () => closed

  const connect = async () => {
    const next = new pg.Client(config())
    const lost = () => {
      if (client !== next) return
      client = null
      again()
    }
    next.on('error', lost)
    next.on('end', lost)
    next.on('notification', ({ payload = '' }) => wake(payload === '' ? [] : [payload]))
    try {
      await next.connect()
      if (isClosed()) {
        await next.end()
        return
      }
      await next.query(`listen ${CHANNEL}`)
      if (isClosed()) {
        await next.end()
        return
      }
      client = next
      // Whatever was announced while nobody listened is looked for once.
      wake([])
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
    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      const open = client
      client = null
      await open?.end()
    },
  }
}
