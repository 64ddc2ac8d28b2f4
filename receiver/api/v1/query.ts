import type { Request } from 'express'

const LIMIT = 50
const LIMIT_MOST = 200

/** The query asks for something that cannot be: the message names the parameter. */
export class BadQuery extends Error {}

/** A page's bounds from `?limit` (1 to 200, 50 unless told) and `?cursor`. Throws `BadQuery`. */
export function pageOf(request: Request): { limit: number; cursor?: string } {
  const limit = text(request, 'limit')
  const n = limit === undefined ? LIMIT : Number(limit)
  if (!Number.isInteger(n) || n < 1 || n > LIMIT_MOST)
    throw new BadQuery(`limit must be a whole number from 1 to ${LIMIT_MOST}.`)
  const cursor = text(request, 'cursor')
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new BadQuery('cursor must be the next_cursor of an earlier page.')
  return { limit: n, ...(cursor === undefined ? {} : { cursor }) }
}

/** The filters among `names` that the query sets. Throws `BadQuery` for a parameter that nobody knows. */
export function filtersOf<N extends string>(
  request: Request,
  names: readonly N[],
): Partial<Record<N, string>> {
  const known = new Set<string>([...names, 'limit', 'cursor'])
  const unknown = Object.keys(request.query).find((name) => !known.has(name))
  if (unknown !== undefined)
    throw new BadQuery(`There is no parameter "${unknown}". These work: ${[...known].join(', ')}.`)
  const set = names.flatMap((name) => {
    const value = text(request, name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(set) as Partial<Record<N, string>>
}

function text(request: Request, name: string): string | undefined {
  const value = request.query[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new BadQuery(`${name} may be given once.`)
  return value
}
