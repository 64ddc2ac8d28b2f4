import type { NextFunction, Request, Response } from 'express'
import type { NamedToken } from '../config/config.ts'
import { sentBytes } from '../secrets/equal.ts'
import { addressOf, type Audit } from './audit.ts'
import { principalOf, type Principal } from './principal.ts'
import { problem } from './problem.ts'
import type { SignIns } from './sign-in.ts'

/** The answer where no token is configured. */
export const API_OFF =
  'The management API is off. Set ADMIN_TOKEN (24 characters or more), or name tokens under admin.tokens, to use it.'

/** Tells who sends a request. */
export interface AuthorizeOptions {
  /** Returns the tokens that are in force: their files may change. */
  tokens: () => readonly NamedToken[]
  audit: Pick<Audit, 'refused' | 'afterMany'>
  sign_ins: SignIns
  /** Answers a request that is turned away. Default: with a problem of RFC 9457. */
  refuse?: Refuse
  /** Returns who is signed in by a cookie; null where nobody is. */
  sessionOf: (tokens: readonly NamedToken[], request: Request) => Principal | null
}

/** Answers a request that is turned away. */
export type Refuse = (response: Response, status: number, code: RefusalCode, detail: string) => void

/** Why a request is turned away. */
export type RefusalCode = 'api_off' | 'too_many_failures' | 'unauthorized'

/**
 * Returns the handler that lets through requests with `Authorization: Bearer` and a token, or the cookie of somebody who
 * has signed in to the dashboard. Without any token the API is off. An address that has sent many wrong tokens is turned
 * away for a minute, unless what it sends is right.
 */
export function authorize(options: AuthorizeOptions) {
  const { tokens, audit, sign_ins, sessionOf, refuse = problem } = options
  return (request: Request, response: Response, next: NextFunction): void => {
    const known = tokens()
    if (known.length === 0) {
      refuse(response, 404, 'api_off', API_OFF)
      return
    }
    const given = /^Bearer +(.+)$/i.exec(request.get('authorization') ?? '')?.[1]
    const principal = given === undefined ? sessionOf(known, request) : principalOf(known, sentBytes(given))
    if (principal !== null) {
      if (sign_ins.blockedFor(addressOf(request)) > 0) audit.afterMany(request, principal)
      response.locals['principal'] = principal
      next()
      return
    }
    const blocked_ms = given === undefined ? 0 : sign_ins.failed(addressOf(request))
    if (blocked_ms > 0) {
      refuse(response, 429, 'too_many_failures', tooManyFailures(response, blocked_ms))
      return
    }
    // The dashboard asks this by itself before anybody has signed in: no attempt of anybody.
    const is_only_asking = given === undefined && request.method === 'GET' && request.path === '/session'
    if (!is_only_asking)
      audit.refused(
        request,
        given === undefined ? 'no Bearer token' : 'a Bearer token that is not ADMIN_TOKEN',
      )
    response.set('WWW-Authenticate', 'Bearer')
    refuse(response, 401, 'unauthorized', 'Send the header Authorization: Bearer ADMIN_TOKEN.')
  }
}

/** Returns what an address is told that has sent too many wrong tokens, and sets when it may come again. */
export function tooManyFailures(response: Response, blocked_ms: number): string {
  const seconds = Math.ceil(blocked_ms / 1_000)
  response.set('Retry-After', String(seconds))
  return `This token is wrong, and its address has sent too many wrong ones: try again in ${seconds} seconds.`
}

/** Returns who sent the request that is answered: `authorize` has let it through. */
export function principalIn(response: Response): Principal {
  const principal = response.locals['principal'] as Principal | undefined
  if (principal === undefined) throw new Error('This route stands before the check of tokens.')
  return principal
}
