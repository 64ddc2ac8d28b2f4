import type { Response } from 'express'
import { BacklogFull } from '../deliveries/acceptor.ts'
import type { Log } from '../observe/log.ts'
import { StoreUnavailable } from '../store/store.ts'
import { ApiProblem, problem } from './problem.ts'
import { traceOf } from '../observe/reason-of.ts'

/** Seconds after which a call may be tried again when the store is away or too much waits. */
export const RETRY_AFTER_S = '30'

/** Turns what went wrong in a route of the management API into its problem. */
export function answerError(log: Log, response: Response, error: unknown): void {
  if (error instanceof ApiProblem)
    problem(response, error.status, error.code, { detail: error.message, ...error.members })
  else if (error instanceof StoreUnavailable) {
    response.set('Retry-After', RETRY_AFTER_S)
    problem(response, 503, 'store_unavailable', `${error.message} ${error.fix}`)
  } else if (error instanceof BacklogFull) {
    response.set('Retry-After', RETRY_AFTER_S)
    problem(response, 503, 'backlog_full', `${error.message} ${BACKLOG_FIX}`)
  } else if (error instanceof URIError) problem(response, 400, 'bad_request', BAD_PATH)
  else if (isClientError(error)) problem(response, error.status, 'bad_request', bodyFix(error))
  else {
    log.error({ reason: traceOf(error) }, 'request failed')
    problem(response, 500, 'internal', 'The receiver has logged why.')
  }
}

const BACKLOG_FIX =
  'Nothing was stored. GET /api/v1/deliveries?status=pending shows what waits and why; ' +
  'send this again when it is less, or raise limits.backlog.'

const BAD_PATH = 'The path is not UTF-8 behind its %-escapes: send ids just as the lists give them.'

/** An error of Express or its body parser about the request. */
export interface ClientError {
  status: number
  type?: unknown
}

/** Returns whether Express or its body parser says that the request is at fault. */
export function isClientError(error: unknown): error is ClientError {
  const { status } = error as { status?: unknown }
  return typeof status === 'number' && status >= 400 && status < 500
}

/** Returns what to do about a body that cannot be read (https://github.com/expressjs/body-parser#errors). */
function bodyFix({ type }: ClientError): string {
  switch (type) {
    case 'entity.too.large':
      return 'The request body is too large: send no more than 1 MiB.'
    case 'encoding.unsupported':
      return 'The request body has a Content-Encoding that is not known: send it without.'
    case 'charset.unsupported':
      return 'The request body is not UTF-8: send it so, with the header Content-Type: application/json.'
    default:
      return 'The request body cannot be read: send a JSON object.'
  }
}
