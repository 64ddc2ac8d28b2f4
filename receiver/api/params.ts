import { z } from 'zod'
import { nearestWord } from '../../src/contract/nearest-word.ts'
import { ApiProblem } from './problem.ts'
import type { Route } from './route.ts'

/** The request asks for something that cannot be: the message names the parameter. */
export class BadQuery extends ApiProblem {
  constructor(detail: string) {
    super(400, 'bad_query', detail)
    this.name = 'BadQuery'
  }
}

/** The parameters of a request beside its path. */
export interface Given {
  query: object
  /** The JSON body; undefined where there is none. */
  body: unknown
}

/**
 * Returns the checked parameters of a request: those of its query, and in a POST that has no body of its own the keys of
 * its JSON body as well, so that nobody needs to know which is which.
 *
 * @throws BadQuery for a name that the route does not know, since a misspelt filter that is ignored would let everything
 *   through, for one that is given twice, and for a value that cannot be.
 */
export function readParams(route: Route, given: Given): Record<string, unknown> {
  const shape = route.params ?? {}
  const both = takesBoth(route)
  const body = both ? bodyOf(given.body) : {}
  const params = new Map<string, unknown>()
  for (const [name, value] of [...Object.entries(given.query), ...Object.entries(body)]) {
    if (!Object.hasOwn(shape, name))
      throw new BadQuery(`There is no parameter "${name}". ${whichWork(name, Object.keys(shape))}`)
    if (params.has(name)) throw new BadQuery(`${name} is in the query and in the body: give it once.`)
    if (Array.isArray(value)) throw new BadQuery(`${name} may be given once.`)
    params.set(name, value)
  }
  const parsed = z.object(shape).safeParse(Object.fromEntries(params))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new BadQuery(`${String(issue?.path[0] ?? 'A parameter')} ${issue?.message ?? 'cannot be used'}`)
}

/** Returns whether the parameters may stand in the JSON body, too. */
export function takesBoth({ method, body }: Pick<Route, 'method' | 'body'>): boolean {
  return method === 'post' && body === undefined
}

/**
 * Returns the body of a request as its route wants it.
 *
 * @throws ApiProblem that names the key.
 */
export function readBody(route: Route, body: unknown): unknown {
  if (route.body === undefined || route.body_checked_by === 'handler') return body
  const parsed = route.body.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    key: path.map(String).join('.') || '(body)',
    message,
  }))
  const [first] = problems
  throw new ApiProblem(
    422,
    'bad_body',
    `${first?.key ?? '(body)'}: ${first?.message ?? 'has the wrong form'}`,
    {
      problems,
    },
  )
}

function bodyOf(body: unknown): object {
  const given: unknown = body ?? {}
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new BadQuery('The body must be one JSON object, like {"force": true}.')
  return given
}

function whichWork(name: string, names: readonly string[]): string {
  if (names.length === 0) return 'This call takes none.'
  const near = nearestWord(name, names)
  return `${near === null ? '' : `Did you mean ${near}? `}These work: ${names.join(', ')}.`
}
