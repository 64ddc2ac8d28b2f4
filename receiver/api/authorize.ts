import type { NextFunction, Request, Response } from 'express'
import { equalSecrets } from '../secrets/equal.ts'
import type { Audit } from './audit.ts'
import { problem } from './problem.ts'

const OFF = 'The management API is off. Set ADMIN_TOKEN (24 characters or more) to use it.'

/**
 * Returns the handler that lets through requests with `Authorization: Bearer ADMIN_TOKEN`. Without ADMIN_TOKEN the API
 * is off.
 * @param tokenNow the token that is in force: its file may change.
 */
export function authorize(tokenNow: () => string | null, audit: Audit) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const admin_token = tokenNow()
    if (admin_token === null) {
      problem(response, 404, 'api_off', OFF)
      return
    }
    const given = /^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1]
    if (given !== undefined && equalSecrets(given, admin_token)) {
      next()
      return
    }
    audit.refused(request, given === undefined ? 'no Bearer token' : 'a Bearer token that is not ADMIN_TOKEN')
    response.set('WWW-Authenticate', 'Bearer')
    problem(response, 401, 'unauthorized', 'Send the header Authorization: Bearer ADMIN_TOKEN.')
  }
}
