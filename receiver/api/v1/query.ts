import type { Request } from 'express'
import { isStorable } from './storable.ts'

const LIMIT = 50
const LIMIT_MOST = 200

/** The request asks for something that cannot be: the message names the parameter. */
export class BadQuery extends Error {}

/** What a request sets, by name: text from the query, any JSON from the body. */
export type Params = ReadonlyMap<string, unknown>

/**
 * Returns the parameters of a request: those of its query, and in a POST the keys of its JSON body as well, so that
 * nobody needs to know which is which.
 *
 * @throws BadQuery for one that is not among `names`, since a misspelt filter that is ignored would let everything
 *   through, and for one that is given twice.
 */
export function paramsOf(request: Request, names: readonly string[]): Params {
  const body = request.method === 'POST' ? bodyOf(request) : {}
  const all = [...Object.entries(request.query), ...Object.entries(body)]
  const params = new Map<string, unknown>()
  for (const [name, value] of all) {
    if (!names.includes(name)) throw new BadQuery(`There is no parameter "${name}". ${whichWork(names)}`)
    if (params.has(name)) throw new BadQuery(`${name} is in the query and in the body: give it once.`)
    if (Array.isArray(value)) throw new BadQuery(`${name} may be given once.`)
    params.set(name, value)
  }
  return params
}

function bodyOf(request: Request): object {
  const body: unknown = request.body ?? {}
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new BadQuery('The body must be one JSON object, like {"force": true}.')
  return body
}

const whichWork = (names: readonly string[]) =>
  names.length === 0 ? 'This call takes none.' : `These work: ${names.join(', ')}.`

/**
 * Returns the filters among `names` that are set.
 *
 * @throws BadQuery for what no filter can be.
 */
export function filtersOf<N extends string>(params: Params, names: readonly N[]): Partial<Record<N, string>> {
  const set = names.flatMap((name) => {
    const value = textOf(params, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(set) as Partial<Record<N, string>>
}

/**
 * Returns a page's bounds from `limit` (1 to 200, 50 by default) and `cursor`.
 *
 * @throws BadQuery
 */
export function pageOf(params: Params): { limit: number; cursor?: string } {
  const cursor = textOf(params, 'cursor')
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new BadQuery('cursor must be the next_cursor of an earlier page.')
  return { limit: limitOf(params) ?? LIMIT, ...(cursor === undefined ? {} : { cursor }) }
}

/**
 * Returns `limit`, or undefined where it is not set.
 *
 * @throws BadQuery
 */
export function limitOf(params: Params): number | undefined {
  const limit = params.get('limit')
  if (limit === undefined) return undefined
  const digits = typeof limit === 'number' ? String(limit) : limit
  const n = typeof digits === 'string' && /^\d+$/.test(digits) ? Number(digits) : 0
  if (n < 1 || n > LIMIT_MOST) throw new BadQuery(`limit must be a whole number from 1 to ${LIMIT_MOST}.`)
  return n
}

/**
 * Returns whether `force` is set.
 *
 * @throws BadQuery for anything but true and false: a "yes" must not be taken for a no.
 */
export function forceOf(params: Params): boolean {
  const force = params.get('force') ?? false
  if (force === true || force === 'true') return true
  if (force === false || force === 'false') return false
  throw new BadQuery('force must be true or false: ?force=true, or {"force": true} in the body.')
}

/** Where `force` goes, for whoever is refused without it. */
export const HOW_TO_FORCE =
  'Send ?force=true, or the body {"force": true} with the header Content-Type: application/json, to do it all the same.'

/**
 * Returns a parameter that must be text, or undefined where it is not set.
 *
 * @throws BadQuery
 */
export function textOf(params: Params, name: string): string | undefined {
  const value = params.get(name)
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new BadQuery(`${name} must be text.`)
  if (!isStorable(value))
    throw new BadQuery(`${name} holds U+0000 or half a character, which nothing here has. Correct it.`)
  return value
}
