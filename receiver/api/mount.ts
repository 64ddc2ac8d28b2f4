import { Router, type Request, type Response } from 'express'
import { isStorable } from './v1/storable.ts'
import type { ApiContext } from './context.ts'
import { readBody, readParams } from './params.ts'
import { principalIn } from './authorize.ts'
import { ApiProblem } from './problem.ts'
import { NOBODY, type Principal } from './principal.ts'
import type { Route } from './route.ts'

/** Returns a router with these routes, each behind the check of what its token may do, where it needs one. */
export function mountRoutes(routes: readonly Route[], context: ApiContext): Router {
  const router = Router({ caseSensitive: true })
  for (const route of routes)
    router[route.method](expressPath(route.path), (request, response) =>
      answer(route, context, request, response),
    )
  return router
}

const expressPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1')

async function answer(
  route: Route,
  context: ApiContext,
  request: Request,
  response: Response,
): Promise<void> {
  const principal = route.role === null ? NOBODY : principalIn(response)
  if (route.role !== null) permit(route, principal)
  const path = request.params as Record<string, string>
  checkPath(route, path)
  const body: unknown = request.body
  const given = { query: request.query, body }
  const params = readParams(route, given)
  const input = { path, params, body: readBody(route, body), principal, request, response }
  const reply = (await route.handle(input, context)) as AnyReply
  // A handler that answers bit by bit has answered already.
  if (response.headersSent) return
  response.status(reply.status).set(reply.headers ?? {})
  if (reply.body === null) response.end()
  else response.json(reply.body)
}

/** A reply of which nothing more is known. */
interface AnyReply {
  status: number
  body: unknown
  headers?: Readonly<Record<string, string>>
}

/** @throws ApiProblem for what this token may not do. */
function permit({ role, limited }: Route, principal: Principal): void {
  if (role === 'write' && principal.role !== 'write')
    throw new ApiProblem(
      403,
      'read_only_token',
      `The token "${principal.name}" has the role read: this needs one with the role write.`,
    )
  if (limited === 'refused' && principal.limited)
    throw new ApiProblem(
      403,
      'limited_token',
      `The token "${principal.name}" is limited to some automations, and this concerns the whole receiver: use a token without that limit.`,
    )
}

/** An id that the store cannot hold is nobody's. */
function checkPath({ problems = {} }: Route, path: Record<string, string>): void {
  const [odd] = Object.entries(path).filter(([, value]) => !isStorable(value))
  if (odd === undefined) return
  const [code = 'not_found'] = Object.keys(problems).filter((name) => problems[name]?.[0] === 404)
  throw new ApiProblem(404, code, `There is no "${odd[1].replaceAll('\0', '')}".`)
}
