import { z } from 'zod'
import { VERSION } from '../../observe/version.ts'
import { addressOf } from '../audit.ts'
import { API_OFF, tooManyFailures } from '../authorize.ts'
import { principalOf, type Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { endedCookie, sessionCookie } from '../session.ts'

const session = z
  .object({
    name: z.string().describe('The name of the token.'),
    role: z.enum(['read', 'write']),
    limited: z.boolean().describe('Whether it sees some automations only.'),
    public_url: z.string().nullable().describe('The address of the receiver, where PUBLIC_URL names it.'),
    version: z.string(),
  })
  .meta({ id: 'Session' })

const getSession = route({
  id: 'getSession',
  method: 'get',
  path: '/session',
  tag: 'session',
  summary: 'Returns whose token, or whose session in the dashboard, this request carries.',
  role: 'read',
  limited: 'own',
  answers: { 200: session },
}).handle(({ principal }, { public_url }) =>
  Promise.resolve({ status: 200, body: shown(principal, public_url) }),
)

const signIn = route({
  id: 'signIn',
  method: 'post',
  path: '/session',
  tag: 'session',
  summary: 'Begins a session of the dashboard.',
  description:
    'The answer sets a cookie, which no script can read and no other site sends. It holds for 12 hours, and ends earlier ' +
    'when the token is changed or removed. Programs need none: they send the token with each request.',
  role: null,
  limited: 'own',
  body: z
    .object({ token: z.string().max(4_096).describe('ADMIN_TOKEN, or one of admin.tokens.') })
    .meta({ id: 'SignIn', examples: [{ token: 'the-value-of-ADMIN_TOKEN' }] }),
  answers: { 200: session },
  answer_headers: { 'Set-Cookie': 'The session.' },
  problems: {
    unauthorized: [401, 'No token is like this one.'],
    api_off: [404, 'No token is configured.'],
    bad_body: [422, '`problems` names each key of the body and what it takes.'],
    too_many_failures: [429, 'This address has sent too many wrong tokens, and this one is wrong, too.'],
  },
}).handle(({ body, request, response }, { runtime, sign_ins, audit, clock, public_url }) => {
  const { tokens } = runtime().config
  if (tokens.length === 0) throw new ApiProblem(404, 'api_off', API_OFF)
  const principal = principalOf(tokens, Buffer.from(body.token))
  const token = tokens.find(({ name }) => name === principal?.name)
  if (principal !== null && token !== undefined) {
    const cookie = sessionCookie(token, request, { public_url, now: clock.wall() })
    response.set('Set-Cookie', cookie)
    return Promise.resolve({ status: 200, body: shown(principal, public_url) })
  }
  const blocked_ms = sign_ins.failed(addressOf(request))
  if (blocked_ms > 0) throw new ApiProblem(429, 'too_many_failures', tooManyFailures(response, blocked_ms))
  audit.refused(request, 'a token that nobody has, to sign in')
  throw new ApiProblem(
    401,
    'unauthorized',
    'No token is like this one. Look at ADMIN_TOKEN, or at admin.tokens.',
  )
})

const signOut = route({
  id: 'signOut',
  method: 'delete',
  path: '/session',
  tag: 'session',
  summary: 'Ends the session of the dashboard, whoever asks.',
  role: null,
  limited: 'own',
  answers: { 204: null },
  answer_headers: { 'Set-Cookie': 'Takes the session away.' },
}).handle(({ request, response }, { public_url }) => {
  response.set('Set-Cookie', endedCookie(request, public_url))
  return Promise.resolve({ status: 204, body: null })
})

/** The routes by which the dashboard signs in and out, and asks who is signed in. */
export const SESSION_ROUTES: readonly Route[] = [getSession, signIn, signOut]

function shown({ name, role, limited }: Principal, public_url: string | null) {
  return { name, role, limited, public_url, version: VERSION }
}
