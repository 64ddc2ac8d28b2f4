import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { apiRouter, type ApiOptions } from './api/router.ts'
import type { TypeTables } from './config/schema.ts'
import { pageRouter } from './dashboard/page.ts'
import { UNKNOWN_SOURCE } from './ingest/refuse.ts'
import type { IngestOptions } from './ingest/ingest.ts'
import { ingestRouter } from './ingest/router.ts'
import { healthRouter, type HealthOptions } from './observe/health.ts'
import type { Log } from './observe/log.ts'
import { traceOf } from './observe/reason-of.ts'

/** Returns the HTTP side of the receiver: routes and nothing else. */
export function createApp(
  options: IngestOptions &
    ApiOptions &
    HealthOptions & { types: TypeTables; trust_proxy?: readonly string[] },
): Express {
  const app = express()
  app.disable('x-powered-by')
  // Who sent a request is what the last proxy that is trusted says; nobody else's word counts.
  app.set('trust proxy', [...(options.trust_proxy ?? [])])
  app.disable('etag')
  app.enable('case sensitive routing')
  app.use(ingestRouter(options))
  app.use(healthRouter(options))
  app.use(apiRouter(options))
  app.use(pageRouter())
  app.use((_request, response) => {
    response.status(404).json({ status: 'refused', error: 'not_found', message: 'There is nothing here.' })
  })
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerError(options.log, request, response, error)
  })
  return app
}

/**
 * Answers an error that nothing else has answered. Express's own handler would answer with the stack and print it, for
 * each request of a stranger whose path cannot be decoded.
 */
function answerError(log: Log, request: Request, response: Response, error: unknown): void {
  const status = (error as { status?: unknown } | null)?.status
  const theirs = typeof status === 'number' && status >= 400 && status < 500
  if (!theirs) log.error({ reason: traceOf(error) }, 'request failed')
  if (response.headersSent) request.socket.destroy()
  else if (!theirs) {
    const message = 'The receiver has logged why.'
    response.status(500).json({ status: 'failed', error: 'internal', message })
  } else if (request.path.startsWith('/webhooks/')) response.status(404).json(UNKNOWN_SOURCE)
  else {
    const message = 'The path of this request cannot be read.'
    response.status(400).json({ status: 'refused', error: 'bad_request', message })
  }
}
