import { Router, type NextFunction, type Request, type Response } from 'express'
import type { NamedToken } from '../config/config.ts'
import type { TypeTables } from '../config/schema.ts'
import { answerError } from './answer-error.ts'
import { createAudit } from './audit.ts'
import { authorize } from './authorize.ts'
import type { ApiOptions } from './context.ts'
import { warnOfForwarded } from './forwarded.ts'
import { jsonBody } from './json-body.ts'
import { refuseLimited, serveMetrics } from './metrics.ts'
import { mountRoutes } from './mount.ts'
import { openApiDocument } from './openapi.ts'
import { problem } from './problem.ts'
import { refuseRegistryCall } from './registry-webhooks/errors.ts'
import { REGISTRY_WEBHOOKS, registryWebhooksRouter } from './registry-webhooks/router.ts'
import { routesOf } from './routes.ts'
import { createSignIns } from './sign-in.ts'
import { principalOfSession } from './session.ts'

export type { ApiOptions } from './context.ts'

/** Returns everything under `/api`, and the metrics. `apart`: on a port of its own, where the metrics need no token. */
export function apiRouter(options: ApiOptions & { types: TypeTables; apart?: boolean }): Router {
  const { runtime, clock, log, store, types, public_url, apart = false } = options
  const router = Router({ caseSensitive: true })
  const audit = createAudit({ log, clock, store })
  const routes = routesOf(types)
  const document = once(() => JSON.stringify(openApiDocument(routes, public_url)))
  router.use('/api', warnOfForwarded(log))
  router.get('/api/openapi.json', (_request, response) => {
    response.type('application/json').send(document())
  })
  const sign_ins = createSignIns(clock, options.counts.wrongToken)
  const context = { ...options, audit, sign_ins }
  const access = {
    ...{ tokens: () => runtime().config.tokens, audit, sign_ins },
    sessionOf: (tokens: readonly NamedToken[], request: Request) =>
      principalOfSession(tokens, request, { public_url, now: clock.wall() }),
  }
  router.get('/metrics', ...(apart ? [] : [authorize(access), refuseLimited]), serveMetrics(options.metrics))
  router.use(
    REGISTRY_WEBHOOKS,
    registryWebhooksRouter(context, authorize({ ...access, refuse: refuseRegistryCall })),
  )
  const open = routes.filter(({ role }) => role === null)
  // Nobody has shown a token yet: a few bytes are enough.
  for (const { path } of open) router.use(`/api/v1${path}`, ...jsonBody('10kb'))
  router.use('/api/v1', mountRoutes(open, context))
  const others = routes.filter(({ role }) => role !== null)
  router.use('/api/v1', authorize(access), ...jsonBody(), mountRoutes(others, context))
  router.use('/api', (request, response) => {
    const path = request.originalUrl.split('?')[0] ?? ''
    problem(response, 404, 'not_found', `There is no ${request.method} ${path}.`)
  })
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else answerError(log, response, error)
  })
  return router
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => (made ??= { value: make() }).value
}
