import type { Request, Response } from 'express'
import { BacklogFull } from '../deliveries/acceptor.ts'
import type { Log } from '../observe/log.ts'
import { NO_SOURCE } from '../observe/metrics/counts.ts'
import { traceOf } from '../observe/reason-of.ts'
import { StoreUnavailable } from '../store/store.ts'
import { NotAnEvent } from './parse-json.ts'
import { BodyRefused, NoRoom } from './read-body.ts'
import type { Refusals } from './refusals.ts'

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
export const RETRY_AFTER_S = '30'

/** The request could not be verified. The message is for our log only. */
export class Unverified extends Error {}

/** The means to answer and note a refusal. */
export interface RefuseOptions {
  log: Log
  refusals: Refusals
  /** Told of every answer: the name of the source, the status, and how long it took where the webhook was taken, in ms. */
  answered?: (source: string, status: number, ms?: number) => void
}

/** Answers 404 to a request for a source that is not configured. */
export function refuseUnknown(
  { refusals, answered }: RefuseOptions,
  named: string,
  response: Response,
): void {
  refusals.unknown(named)
  answered?.(NO_SOURCE, 404)
  response.status(404).json(UNKNOWN_SOURCE)
}

/** Answers 405 to a request for a source that is not a POST. */
export function refuseMethod(
  { refusals, answered }: RefuseOptions,
  request: Request,
  response: Response,
): void {
  const { method } = request
  answered?.(sourceOf(request), 405)
  refusals.note(sourceOf(request), { status: 405, reason: `${method} instead of POST` })
  response.status(405).set('Allow', 'POST').json({
    status: 'refused',
    error: 'method_not_allowed',
    message: 'Webhooks are sent by POST.',
  })
}

/** Turns what went wrong with a request to a configured source into the answer that the contract names for it. */
export function refuse(options: RefuseOptions, request: Request, response: Response, error: unknown): void {
  if (response.headersSent) return
  const { log, refusals, answered } = options
  const refused = refusalOf(error)
  if (refused !== null) {
    const { status, body } = refused
    refusals.note(sourceOf(request), { status, reason: refused.reason })
    response.status(status).json(body)
  } else if (error instanceof NoRoom) {
    refusals.note(sourceOf(request), { status: 503, reason: error.message })
    const message = `${error.message} Nothing was stored. Send it again later.`
    response
      .status(503)
      .set('Retry-After', RETRY_AFTER_S)
      .json({ status: 'unavailable', error: 'busy', message })
  } else if (error instanceof StoreUnavailable || error instanceof BacklogFull) {
    const backlog = error instanceof BacklogFull
    log.error({ reason: error.message, fix: 'fix' in error ? error.fix : '' }, 'event turned away: 503')
    response
      .status(503)
      .set('Retry-After', RETRY_AFTER_S)
      .json({
        status: 'unavailable',
        error: backlog ? 'backlog' : 'store',
        // A store that hangs, or goes away while it commits, may have taken it.
        message: `${backlog ? 'Nothing was stored' : 'It may not have been stored'}. Send it again later.`,
      })
  } else {
    log.error({ reason: traceOf(error) }, 'ingest failed')
    response.status(500).json({
      status: 'failed',
      error: 'internal',
      message: 'The receiver could not take it in, and has logged why.',
    })
  }
  answered?.(sourceOf(request), response.statusCode)
}

const sourceOf = (request: Request) => String(request.params['source'])

/** Returns the answer to a request that its sender got wrong, and the reason for our log; null for our own trouble. */
function refusalOf(error: unknown): { status: number; reason: string; body: Record<string, unknown> } | null {
  if (error instanceof Unverified) return { status: 401, reason: error.message, body: UNAUTHORIZED }
  if (!(error instanceof BodyRefused) && !(error instanceof NotAnEvent)) return null
  const { message } = error
  const [status, kind] = error instanceof BodyRefused ? [error.status, 'body'] : [400, 'not_an_event']
  return { status, reason: message, body: { status: 'refused', error: kind, message } }
}
