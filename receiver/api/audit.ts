import type { Request } from 'express'
import { createBoundedLog } from '../observe/bounded-log.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'

/** The longest id that a line shows, in characters; ours are shorter. */
const SHOWN = 64

/** What people did through the API, and who was turned away. */
export interface Audit {
  /** Logs that an action was asked for by an authorized request, and what came of it. */
  did(request: Request, action: Action, what: Record<string, unknown>): void
  /** Logs that a request had no valid token; at most once a minute for each address. */
  refused(request: Request, reason: string): void
}

/** What can be done through the API, beside looking. */
export type Action = 'redeliver' | 'redeliver many' | 'cancel' | 'replay' | 'put secret' | 'delete secret'

/** Returns what writes to the log. */
export function createAudit(log: Log, clock: Clock): Audit {
  const bounded = createBoundedLog(log, () => clock.steady())
  return {
    did(request, action, { id, ...what }) {
      const shown = typeof id === 'string' ? { id: id.slice(0, SHOWN) } : {}
      log.info({ action, by: 'admin', from: addressOf(request), ...shown, ...what }, 'asked for by the API')
    },
    refused(request, reason) {
      const from = addressOf(request)
      bounded.warn(from, { from, reason }, 'API request refused: 401')
    },
  }
}

const addressOf = (request: Request) => request.socket.remoteAddress ?? 'unknown'
