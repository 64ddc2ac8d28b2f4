import express, { type Express } from 'express'
import { apiRouter, type ApiOptions } from './api/router.ts'
import { ingestRouter, type IngestOptions } from './ingest/router.ts'
import { healthRouter, type HealthOptions } from './observe/health.ts'

/** The HTTP side of the receiver: routes and nothing else. */
export function createApp(options: IngestOptions & ApiOptions & HealthOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(ingestRouter(options))
  app.use(healthRouter(options))
  app.use(apiRouter(options))
  app.use((_request, response) => {
    response.status(404).json({ status: 'refused', error: 'not_found', message: 'There is nothing here.' })
  })
  return app
}
