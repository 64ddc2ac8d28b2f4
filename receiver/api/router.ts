import { Router, type NextFunction, type Request, type Response } from 'express'
import type { NamedToken } from '../config/config.ts'
import type { TypeTables } from '../config/schema.ts'
import { answerError } from './answer-error.ts'
import { createAudit } from './audit.ts'
import { authorize } from './authorize.ts'
import type { ApiOptions } from './context.ts'
import { jsonBody } from './json-body.ts'
import { mountRoutes } from './mount.ts'
import { openApiDocument } from './openapi.ts'
import { problem } from './problem.ts'
import { refuseRegistryCall } from './registry-webhooks/errors.ts'
import { REGISTRY_WEBHOOKS, registryWebhooksRouter } from './registry-webhooks/router.ts'
import { routesOf } from './routes.ts'
import { createSignIns } from './sign-in.ts'
import { principalOfSession, sessionRouter } from './session.ts'

export type { ApiOptions } from './context.ts'

/** Returns everything under `/api`. */
export function apiRouter(options: ApiOptions & { types: TypeTables }): Router {
  const { runtime, clock, log, store, types } = options
  const router = Router({ caseSensitive: true })
  const audit = createAudit({ log, clock, store })
  const routes = routesOf(types)
  const document = once(() => JSON.stringify(openApiDocument(routes)))
  router.get('/api/openapi.json', (_request, response) => {
    response.type('application/json').send(document())
  })
  const context = { ...options, audit }
  const sign_ins = createSignIns(clock)
  const access = {
    ...{ tokens: () => runtime().config.tokens, audit, sign_ins },
    sessionOf: (tokens: readonly NamedToken[], request: Request) =>
      principalOfSession(tokens, request, clock.wall()),
  }
  router.use(
    REGISTRY_WEBHOOKS,
    registryWebhooksRouter(context, authorize({ ...access, refuse: refuseRegistryCall })),
  )
  router.use('/api/v1', sessionRouter({ ...access, clock, public_url: options.public_url }))
  router.use('/api/v1', authorize(access), ...jsonBody(), mountRoutes(routes, context))
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
