import type { RequestListener } from 'node:http'
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { problem } from './api/problem.ts'
import { apiRouter, type ApiOptions } from './api/router.ts'
import { underBasePath } from './base-path.ts'
import { basePathOf } from './config/environment/public-url.ts'
import type { TypeTables } from './config/schema.ts'
import { pageRouter } from './dashboard/page.ts'
import { UNKNOWN_SOURCE } from './ingest/refuse.ts'
import type { IngestOptions } from './ingest/ingest.ts'
import { mountIngest } from './ingest/router.ts'
import { healthRouter, type HealthOptions } from './observe/health.ts'
import type { Log } from './observe/log.ts'
import { traceOf } from './observe/reason-of.ts'

/** The means of the HTTP side. */
export type AppOptions = IngestOptions &
  ApiOptions &
  HealthOptions & { types: TypeTables; trust_proxy?: readonly string[] }

/** The handlers of each port. */
export interface Apps {
  /** PORT. */
  main: RequestListener
  /** ADMIN_PORT; null where PORT answers everything. */
  admin: RequestListener | null
}

/** Returns the HTTP side of the receiver: routes and nothing else. `apart`: whether there is an ADMIN_PORT. */
export function createApps(options: AppOptions, apart: boolean): Apps {
  const open = (app: Express) => {
    mountIngest(app, options)
    app.use(healthRouter(options))
  }
  const inside = (app: Express) => void app.use(apiRouter({ ...options, apart }), pageRouter())
  const elsewhere = (paths: RegExp, port: string) => (app: Express) => void app.use(wrongPort(paths, port))
  if (!apart) return { main: createApp(options, [open, inside]), admin: null }
  return {
    main: createApp(options, [open, elsewhere(INSIDE, 'ADMIN_PORT')]),
    admin: createApp(options, [elsewhere(OPEN, 'PORT'), inside]),
  }
}

/** The paths of each port: what the other one says 404 to, and where to ask instead. */
const INSIDE = /^\/($|index\.html$|metrics$|api(\/(?!v3\/)|$))/
const OPEN = /^\/(webhooks|repos|api\/v3\/repos)\/|^\/(healthz|readyz)$/

function wrongPort(paths: RegExp, port: string): RequestHandler {
  return (request, response, next) => {
    if (paths.test(request.path))
      problem(response, 404, 'wrong_port', `The receiver answers this on ${port} alone.`)
    else next()
  }
}

function createApp(options: AppOptions, mounts: readonly ((app: Express) => void)[]): RequestListener {
  const app: Express = express()
  app.disable('x-powered-by')
  // Who sent a request is what the last proxy that is trusted says; nobody else's word counts.
  app.set('trust proxy', [...(options.trust_proxy ?? [])])
  app.disable('etag')
  app.enable('case sensitive routing')
  for (const mount of mounts) mount(app)
  app.use((_request, response) => {
    response.status(404).json({ status: 'refused', error: 'not_found', message: 'There is nothing here.' })
  })
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerError(options.log, request, response, error)
  })
  return underBasePath(app, basePathOf(options.public_url))
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
