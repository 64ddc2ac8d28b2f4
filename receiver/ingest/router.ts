import { Router, type Request, type Response } from 'express'
import { BacklogFull, type Acceptor } from '../deliveries/acceptor.ts'
import { prepareEvent, type Prepared } from '../deliveries/prepare-event.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { WebhookRequest } from '../sources/source.ts'
import type { Accepted } from '../store/records.ts'
import { StoreUnavailable } from '../store/store.ts'
import { answerFor } from './answer.ts'
import { hideSecrets } from '../secrets/hide-in-body.ts'
import { secretTexts } from '../sources/credentials.ts'
import { NotAnEvent, parseJson } from './parse-json.ts'
import { BodyRefused, readBody } from './read-body.ts'
import type { Refusals } from './refusals.ts'
import { traceOf } from '../observe/reason-of.ts'

/** What ingest works on. */
export interface IngestOptions {
  runtime: () => Runtime
  acceptor: Pick<Acceptor, 'accept'>
  refusals: Refusals
  clock: Clock
  log: Log
  public_url: string | null
}

/** The answer (404) to a name that no source has. */
export const UNKNOWN_SOURCE = {
  status: 'refused',
  error: 'unknown_source',
  message: 'There is no source of this name. The URL ends in the name of a source of the configuration.',
}

/** The same for every failed verification: it tells a stranger nothing. */
const UNAUTHORIZED = {
  status: 'refused',
  error: 'unauthorized',
  message: 'The signature or token of this request is missing or wrong.',
}

/** Seconds after which a sender may come again when the store is away or full. */
const RETRY_AFTER_S = '30'

/**
 * `POST /webhooks/{source}`: route, limits, verify on the raw bytes, parse, match, one transaction, answer; in
 * this order, so that nothing unverified is parsed or looked up.
 */
export function ingestRouter(options: IngestOptions): Router {
  const router = Router({ caseSensitive: true })
  router.post('/webhooks/:source', async (request, response) => {
    try {
      await ingest(options, request, response)
    } catch (error) {
      refuse(options.log, response, error)
    }
  })
  router.all('/webhooks/:source', (_request, response) => {
    response.status(405).set('Allow', 'POST').json({
      status: 'refused',
      error: 'method_not_allowed',
      message: 'Webhooks are sent by POST.',
    })
  })
  return router
}

async function ingest(options: IngestOptions, request: Request, response: Response): Promise<void> {
  const runtime = options.runtime()
  const source = runtime.sources.get(String(request.params['source']))
  if (source === undefined) {
    response.status(404).json(UNKNOWN_SOURCE)
    return
  }
  const { config } = source
  const body = await readBody(request, response, config.body_limit)
  const received_at = options.clock.wall()
  const webhook = webhookOf(request, body, received_at)
  const verified = await source.verify(webhook)
  const reason = verified.ok ? verified.stale : verified.reason
  if (!verified.ok || reason !== undefined) {
    options.refusals.note(config.name, reason ?? '')
    response.status(401).json(UNAUTHORIZED)
    return
  }
  const shown = hideSecrets(body, secretTexts(config.credentials))
  const found = source.parse(parseJson(shown, source.lists ?? false), webhook)
  const arrival = { raw: ownBytes(shown), received_at, secret: verified.secret }
  const prepared = found.map((event) => prepareEvent(runtime, config, event, arrival))
  const accepted = await Promise.all(prepared.map(({ record }) => options.acceptor.accept(record)))
  const { status, body: answer } = answerFor(prepared, accepted, options.public_url)
  logPrepared(options.log, prepared, accepted)
  response.status(status).json(answer)
}

/** The bytes alone: a view of a pooled buffer would take the whole pool with it to the store's thread. */
const ownBytes = (body: Buffer) => new Uint8Array(body)

function webhookOf({ headers, url }: Request, body: Buffer, now: number): WebhookRequest {
  const at = url.indexOf('?')
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at))
  return { body, headers: headers as WebhookRequest['headers'], query, now }
}

/** One line per event. `verified_by` is the place of the secret in the configuration, for rotations. */
function logPrepared(log: Log, prepared: readonly Prepared[], accepted: readonly Accepted[]): void {
  prepared.forEach(({ event, record }, i) => {
    const result = accepted[i]
    const { source, type, kind, title } = event
    if (result?.outcome === 'duplicate') {
      log.info({ event_id: result.event_id, source: source.name, type }, 'event seen before')
      return
    }
    const deliveries = record.deliveries.map(({ id }) => id)
    const verified_by = record.context.secret
    log.info(
      { event_id: event.id, source: source.name, type, kind, title, verified_by, deliveries },
      'event accepted',
    )
  })
}

/** Turns what went wrong into the answer that the contract names for it. */
function refuse(log: Log, response: Response, error: unknown): void {
  if (response.headersSent) return
  if (error instanceof BodyRefused) {
    response.status(error.status).json({ status: 'refused', error: 'body', message: error.message })
  } else if (error instanceof NotAnEvent) {
    response.status(400).json({ status: 'refused', error: 'not_an_event', message: error.message })
  } else if (error instanceof StoreUnavailable || error instanceof BacklogFull) {
    const backlog = error instanceof BacklogFull
    log.error({ reason: error.message, fix: 'fix' in error ? error.fix : '' }, 'event turned away: 503')
    response
      .status(503)
      .set('Retry-After', RETRY_AFTER_S)
      .json({
        status: 'unavailable',
        error: backlog ? 'backlog' : 'store',
        // A store that hangs, or goes away while it commits, may have prepared it.
        message: `${backlog ? 'Nothing was stored' : 'It may not have been stored'}. Send it again later.`,
      })
  } else {
    log.error({ reason: traceOf(error) }, 'ingest failed')
    response.status(500).json({
      status: 'failed',
      error: 'internal',
      message: 'Nothing was stored. The receiver has logged why.',
    })
  }
}
