import type { Response } from 'express'
import type { Log } from '../../observe/log.ts'
import { traceOf } from '../../observe/reason-of.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { isClientError, RETRY_AFTER_S } from '../answer-error.ts'
import type { RefusalCode, Refuse } from '../authorize.ts'

/** The codes that are answered, with the HTTP status of each in Databricks' own clients. */
const STATUS = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  TEMPORARILY_UNAVAILABLE: 503,
} as const

/** A code of Databricks' error bodies. */
export type RegistryErrorCode = keyof typeof STATUS

/** A request that is answered with an error in Databricks' form. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  constructor(code: RegistryErrorCode, message: string) {
    super(message)
    this.name = 'RegistryError'
    this.code = code
  }
}

/** Returns the error of a field that cannot be used; an empty name: of several together. */
export function invalid(field: string, message: string): RegistryError {
  return new RegistryError('INVALID_PARAMETER_VALUE', field === '' ? message : `${field}: ${message}`)
}

/** Answers with an error in the form that Databricks' clients read. */
export function registryError(response: Response, code: RegistryErrorCode, message: string): void {
  response.status(STATUS[code]).json({ error_code: code, message })
}

/** Answers a request whose token does not open the API. */
export const refuseRegistryCall: Refuse = (response, _status, code, message) => {
  registryError(response, REFUSALS[code], message)
}

const REFUSALS = {
  api_off: 'ENDPOINT_NOT_FOUND',
  too_many_failures: 'REQUEST_LIMIT_EXCEEDED',
  unauthorized: 'UNAUTHENTICATED',
} as const satisfies Record<RefusalCode, RegistryErrorCode>

/** Answers what went wrong in a route. */
export function answerRegistryError(log: Log, response: Response, error: unknown): void {
  if (error instanceof RegistryError) registryError(response, error.code, error.message)
  else if (error instanceof StoreUnavailable) {
    response.set('Retry-After', RETRY_AFTER_S)
    registryError(response, 'TEMPORARILY_UNAVAILABLE', `${error.message} ${error.fix}`)
  } else if (isClientError(error))
    registryError(response, 'BAD_REQUEST', 'The request body cannot be read: send at most 1 MiB of JSON.')
  else {
    log.error({ reason: traceOf(error) }, 'request failed')
    registryError(response, 'INTERNAL_ERROR', 'The receiver has logged why.')
  }
}
