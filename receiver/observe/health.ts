import { Router } from 'express'
import { VERSION } from './version.ts'

/** What health is told from. */
export interface HealthOptions {
  /** Null when the receiver can take and deliver events, else why not. */
  notReady: () => Promise<string | null>
}

/** `GET /healthz`: the process answers. `GET /readyz`: the store is reachable and the worker runs. */
export function healthRouter({ notReady }: HealthOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', version: VERSION })
  })
  router.get('/readyz', async (_request, response) => {
    const reason = await notReady()
    if (reason === null) response.json({ status: 'ready' })
    else response.status(503).json({ status: 'not ready', reason })
  })
  return router
}
