import { Router, type NextFunction, type Request, type Response } from 'express'
import type { Acceptor } from '../deliveries/acceptor.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { RefusedConfig } from '../runtime/refused-config.ts'
import type { StoredSecrets } from '../runtime/stored-secrets.ts'
import type { Store } from '../store/store.ts'
import { answerError } from './answer-error.ts'
import { createAudit } from './audit.ts'
import { authorize } from './authorize.ts'
import { jsonBody } from './json-body.ts'
import type { Wake } from './v1/redeliver-many.ts'
import { problem } from './problem.ts'
import { configurationRouter } from './v1/configuration.ts'
import { deliveriesRouter } from './v1/deliveries.ts'
import { eventsRouter } from './v1/events.ts'
import { secretsRouter } from './v1/secrets.ts'

/** What the API works on. */
export interface ApiOptions {
  store: Store
  runtime: () => Runtime
  acceptor: Pick<Acceptor, 'accept'>
  clock: Clock
  log: Log
  wake: Wake
  secrets: StoredSecrets
  refused_config: Pick<RefusedConfig, 'now'>
}

/** Returns everything under `/api`. */
export function apiRouter(options: ApiOptions): Router {
  const { store, runtime, acceptor, clock, log, wake, secrets, refused_config } = options
  const router = Router({ caseSensitive: true })
  const audit = createAudit(log, clock)
  router.use(
    '/api/v1',
    authorize(() => runtime().config.admin_token, audit),
    ...jsonBody(),
    eventsRouter({ store, runtime, acceptor, clock }, audit),
    deliveriesRouter({ store, clock, wake, audit }),
    secretsRouter({ secrets, audit }),
    configurationRouter(refused_config),
  )
  router.use('/api', (request, response) => {
    problem(
      response,
      404,
      'not_found',
      `There is no ${request.method} ${request.originalUrl.split('?')[0] ?? ''}.`,
    )
  })
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else answerError(log, response, error)
  })
  return router
}
