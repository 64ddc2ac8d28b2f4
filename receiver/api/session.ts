import { createHmac } from 'node:crypto'
import type { Request } from 'express'
import type { NamedToken } from '../config/config.ts'
import { equalSecrets } from '../secrets/equal.ts'
import { principalOf, type Principal } from './principal.ts'

/** The name of the dashboard's cookie. */
export const SESSION_COOKIE = 'model_dispatch_session'

/** How long somebody stays signed in, in ms. */
const SESSION_MS = 12 * 3_600_000

/**
 * Returns the header that begins a session of the dashboard: a cookie that no script can read. The cookie names the token,
 * and is sealed with the token's own secret: a token that is changed or removed ends its sessions on every replica, and
 * nothing needs to be kept.
 *
 * @param at.now Unix ms.
 */
export function sessionCookie(
  { name, secret }: NamedToken,
  request: Request,
  { public_url, now }: { public_url: string | null; now: number },
): string {
  const text = `${Buffer.from(name).toString('base64url')}.${now + SESSION_MS}`
  const parts = [`${text}.${sealOf(text, secret)}`, SESSION_MS, placeOf(request, public_url)] as const
  return cookie(...parts)
}

/** Returns the header that takes the cookie away. */
export function endedCookie(request: Request, public_url: string | null): string {
  return cookie('', 0, placeOf(request, public_url))
}

/** Where the page stands, as its browser sees it. */
interface Place {
  path: string
  secure: boolean
}

function cookie(value: string, lasts_ms: number, { path, secure }: Place): string {
  const parts = [
    `${SESSION_COOKIE}=${value}`,
    `Path=${path}`,
    `Max-Age=${Math.floor(lasts_ms / 1_000)}`,
    'HttpOnly',
    'SameSite=Strict',
  ]
  return (secure ? [...parts, 'Secure'] : parts).join('; ')
}

/**
 * Returns where the page stands. Behind a proxy that is PUBLIC_URL; a browser that came by another address, such as that
 * of ADMIN_PORT, says so in `Origin`, and a cookie for PUBLIC_URL would never come back from there.
 */
function placeOf(request: Request, public_url: string | null): Place {
  const known = public_url === null ? null : new URL(public_url)
  const page = originOf(request)
  const path = known !== null && (page === null || page.origin === known.origin) ? known.pathname : '/'
  return { path, secure: (page ?? known)?.protocol === 'https:' }
}

/** Browsers send it with everything that is not a GET. */
function originOf(request: Request): URL | null {
  const origin = request.get('origin')
  return origin !== undefined && URL.canParse(origin) ? new URL(origin) : null
}

const sealOf = (text: string, secret: string) =>
  createHmac('sha256', secret).update(`dashboard session ${text}`).digest('base64url')

/** Returns who is signed in by the request's cookie; null where nobody is. */
export function principalOfSession(
  tokens: readonly NamedToken[],
  request: Request,
  { public_url, now }: { public_url: string | null; now: number },
): Principal | null {
  const value = cookieOf(request)
  const [name = '', until = '', seal = ''] = value?.split('.', 3) ?? []
  const token = tokens.find((one) => one.name === Buffer.from(name, 'base64url').toString())
  const ends_at = Number(until)
  if (token === undefined || !(ends_at > now)) return null
  if (!equalSecrets(seal, sealOf(`${name}.${until}`, token.secret))) return null
  if (!isOwnPage(request, public_url)) return null
  const principal = principalOf(tokens, Buffer.from(token.secret))
  return principal === null ? null : { ...principal, ends_at }
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
function isOwnPage(request: Request, public_url: string | null): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  // Browsers leave that header out on plain http, but never this one. Some proxies put a name of their own into `Host`.
  const origin = originOf(request)
  if (origin === null) return false
  return origin.host === request.host || (public_url !== null && origin.origin === new URL(public_url).origin)
}
