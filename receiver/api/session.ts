import { createHmac } from 'node:crypto'
import express, { Router, type Request, type Response } from 'express'
import { z } from 'zod'
import type { NamedToken } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import { equalSecrets } from '../secrets/equal.ts'
import { addressOf, type Audit } from './audit.ts'
import { API_OFF, refuseBlocked } from './authorize.ts'
import { principalOf, type Principal } from './principal.ts'
import { problem } from './problem.ts'
import type { SignIns } from './sign-in.ts'

/** The name of the dashboard's cookie. */
const SESSION_COOKIE = 'model_dispatch_session'

/** How long somebody stays signed in, in ms. */
const SESSION_MS = 12 * 3_600_000

/** What signing in works with. */
export interface SessionOptions {
  tokens: () => readonly NamedToken[]
  sign_ins: SignIns
  audit: Pick<Audit, 'refused'>
  clock: Pick<Clock, 'wall'>
  public_url: string | null
}

/**
 * Returns the routes by which the dashboard signs in and out: `POST /session` with a token sets a cookie that no script can
 * read, `DELETE /session` takes it away. The cookie names the token, and is sealed with the token's own secret: a token
 * that is changed or removed ends its sessions on every replica, and nothing needs to be kept.
 */
export function sessionRouter(options: SessionOptions): Router {
  const router = Router({ caseSensitive: true })
  router.post('/session', express.json({ limit: '10kb' }), (request, response) => {
    signIn(options, request, response)
  })
  router.delete('/session', (_request, response) => {
    response.set('Set-Cookie', cookie(options, '', 0))
    response.status(204).end()
  })
  return router
}

const given = z.object({ token: z.string().max(4_096) })

function signIn(options: SessionOptions, request: Request, response: Response): void {
  const { tokens, sign_ins, audit, clock } = options
  const known = tokens()
  if (known.length === 0) {
    problem(response, 404, 'api_off', API_OFF)
    return
  }
  if (refuseBlocked(sign_ins, { request, response })) return
  const { data } = given.safeParse(request.body)
  const principal = data === undefined ? null : principalOf(known, Buffer.from(data.token))
  const token = known.find(({ name }) => name === principal?.name)
  if (principal === null || token === undefined) {
    // Any page can make its visitors send what is no JSON: that must not lock them out.
    if (data !== undefined) sign_ins.failed(addressOf(request))
    audit.refused(request, 'a token that nobody has, to sign in')
    problem(
      response,
      401,
      'unauthorized',
      'No token is like this one. Look at ADMIN_TOKEN, or at admin.tokens.',
    )
    return
  }
  const until = clock.wall() + SESSION_MS
  response.set('Set-Cookie', cookie(options, sealed(token, until), SESSION_MS))
  response.json(sessionShape(principal, options.public_url))
}

/** Returns what the dashboard is told about who is signed in. */
export function sessionShape({ name, role, limited }: Principal, public_url: string | null) {
  return { name, role, limited, public_url }
}

function cookie({ public_url }: SessionOptions, value: string, lasts_ms: number): string {
  const url = public_url === null ? null : new URL(public_url)
  const path = url === null || url.pathname === '' ? '/' : url.pathname
  const parts = [
    `${SESSION_COOKIE}=${value}`,
    `Path=${path}`,
    `Max-Age=${Math.floor(lasts_ms / 1_000)}`,
    'HttpOnly',
    'SameSite=Strict',
  ]
  return (url?.protocol === 'https:' ? [...parts, 'Secure'] : parts).join('; ')
}

function sealed({ name, secret }: NamedToken, until: number): string {
  const text = `${Buffer.from(name).toString('base64url')}.${until}`
  return `${text}.${sealOf(text, secret)}`
}

const sealOf = (text: string, secret: string) =>
  createHmac('sha256', secret).update(`dashboard session ${text}`).digest('base64url')

/** Returns who is signed in by the request's cookie; null where nobody is. */
export function principalOfSession(
  tokens: readonly NamedToken[],
  request: Request,
  now: number,
): Principal | null {
  const value = cookieOf(request)
  const [name = '', until = '', seal = ''] = value?.split('.', 3) ?? []
  const token = tokens.find((one) => one.name === Buffer.from(name, 'base64url').toString())
  if (token === undefined || !(Number(until) > now)) return null
  if (!equalSecrets(seal, sealOf(`${name}.${until}`, token.secret))) return null
  return isOwnPage(request) ? principalOf(tokens, Buffer.from(token.secret)) : null
}

function cookieOf(request: Request): string | undefined {
  const all = (request.get('cookie') ?? '').split(';').map((one) => one.trim())
  return all.find((one) => one.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1)
}

/**
 * Returns whether our own page may have sent this. `SameSite=Strict` keeps other sites out already; this also keeps out
 * other pages of the same site, such as another port of this host. Looking needs no such check: only our page can read
 * the answer.
 */
function isOwnPage(request: Request): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  // Browsers leave that header out on plain http, but never this one.
  const origin = request.get('origin')
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === request.get('host')
}
