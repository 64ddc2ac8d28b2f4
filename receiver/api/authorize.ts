import type { NextFunction, Request, Response } from 'express'
import { equalSecrets } from '../secrets/equal.ts'
import { problem } from './problem.ts'

/**
 * Returns the handler that lets through requests with `Authorization: Bearer ADMIN_TOKEN`. Without ADMIN_TOKEN the API
 * is off.
 * @param tokenNow the token that is in force: its file may change.
 */
export function authorize(tokenNow: () => string | null) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const admin_token = tokenNow()
    if (admin_token === null) {
      problem(
        response,
        404,
        'api_off',
        'The management API is off. Set ADMIN_TOKEN (24 characters or more) to use it.',
      )
      return
    }
    const given = /^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1]
    if (given === undefined || !equalSecrets(given, admin_token)) {
      response.set('WWW-Authenticate', 'Bearer')
      problem(response, 401, 'unauthorized', 'Send the header Authorization: Bearer ADMIN_TOKEN.')
      return
    }
    next()
  }
}
