import { Router } from 'express'
import { VERSION } from './version.ts'

/** The facts that health is told from. */
export interface HealthOptions {
  /** Null when the receiver can take and deliver events, else why not. */
  notReady: () => Promise<string | null>
  /** Tells of a change of the configuration that could not be used. */
  refused_config: { now(): object | null }
}

/**
 * Returns `GET /healthz`: the process answers, and `GET /readyz`: the store is reachable and the worker runs. A refused
 * change of the configuration does not make the receiver unready, but is shown: a restart would not come up with it.
 */
export function healthRouter({ notReady, refused_config }: HealthOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', version: VERSION })
  })
  router.get('/readyz', async (_request, response) => {
    const reason = await notReady()
    const refused = refused_config.now() === null ? {} : { configuration: REFUSED }
    if (reason === null) response.json({ status: 'ready', ...refused })
    else response.status(503).json({ status: 'not ready', reason })
  })
  return router
}

const REFUSED =
  'A change was refused, and what was in force before is used; a restart would fail. ' +
  'The log and GET /api/v1/configuration say where the mistake is.'
