import type { Express } from 'express'
import { dropInRouter } from './drop-in.ts'
import { createIngest, type IngestOptions } from './ingest.ts'
import { readBody } from './read-body.ts'
import { refuse, refuseMethod, refuseUnknown } from './refuse.ts'

/**
 * Adds `POST /webhooks/{source}`, and GitHub's own dispatch route beside it. The limits of a body hold before anything of
 * it is looked at; what follows is in `createIngest`. The route is the app's own: a router within would be asked for
 * each webhook beside it.
 */
export function mountIngest(app: Express, options: IngestOptions): void {
  const ingest = createIngest(options)
  app.all('/webhooks/:source', (request, response) => {
    const runtime = options.runtime()
    const source = runtime.sources.get(request.params.source)
    if (source === undefined) refuseUnknown(options, request.params.source, response)
    else if (request.method !== 'POST') refuseMethod(options, request, response)
    else
      readBody(request, source.config.body_limit, (body) => {
        if (body instanceof Error) refuse(options, request, response, body)
        else ingest({ runtime, source, request, response, body })
      })
  })
  app.use(dropInRouter(options))
}
