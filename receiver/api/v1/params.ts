import { z } from 'zod'
import { isStorable } from './storable.ts'

const LIMIT = 50
const LIMIT_MOST = 200

/** Returns the schema of a parameter that takes any text that the store can hold. */
export function textParam(description: string) {
  return z
    .string({ error: 'must be text.' })
    .refine(isStorable, { error: 'holds U+0000 or half a character, which nothing here has. Correct it.' })
    .optional()
    .describe(description)
}

/** Returns the schema of a parameter that takes one of these words. */
export function wordParam<const W extends readonly [string, ...string[]]>(words: W, description: string) {
  return z
    .enum(words, {
      error: ({ input }) => (isStorableText(input) ? `must be one of ${words.join(', ')}.` : NOT_TEXT),
    })
    .optional()
    .describe(description)
}

const NOT_TEXT = 'must be text without U+0000.'
const isStorableText = (input: unknown) => typeof input === 'string' && isStorable(input)

/** Returns the schema of `limit`: a whole number from 1 to 200. */
export function limitParam(description = `How many at most. Default: ${LIMIT}.`) {
  const error = `must be a whole number from 1 to ${LIMIT_MOST}.`
  return z
    .unknown()
    .transform((value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value))
    .pipe(z.int({ error }).min(1, { error }).max(LIMIT_MOST, { error }))
    .optional()
    .describe(description)
}

/** Returns the schema of a parameter that is true or false. */
export function flagParam(name: string, description: string) {
  const error = `must be true or false: ?${name}=true, or {"${name}": true} in the body.`
  return z
    .unknown()
    .transform((value) => (value === 'true' ? true : value === 'false' ? false : value))
    .pipe(z.boolean({ error }))
    .optional()
    .describe(description)
}

/** Returns the schema of a parameter that is a time, in ms: RFC 3339, or a date alone in UTC. */
export function timeParam(description: string) {
  const error = 'must be a time such as 2026-11-28T05:00:00Z, or a date such as 2026-11-28.'
  return z
    .string({ error })
    .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/, { error })
    .refine((text) => Number.isFinite(Date.parse(text)), { error })
    .optional()
    .describe(description)
}

/** Returns a time of `timeParam` in Unix ms. */
export function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text)
}

/** The parameters of every list: how many, and where to go on. */
export const PAGE = {
  limit: limitParam(),
  cursor: z
    .string({ error: 'must be text.' })
    .regex(/^\d{1,15}$/, { error: 'must be the next_cursor of an earlier page.' })
    .optional()
    .describe('The next_cursor of the page before.'),
}

/** Returns a page's bounds, for the store. */
export function pageOf({
  limit = LIMIT,
  cursor,
}: {
  limit?: number | undefined
  cursor?: string | undefined
}) {
  return { limit, ...(cursor === undefined ? {} : { cursor }) }
}

/** Where `force` goes, for whoever is refused without it. */
export const HOW_TO_FORCE =
  'Send ?force=true, or the body {"force": true} with the header Content-Type: application/json, to do it all the same.'

/** The parameter `force`. */
export const FORCE = flagParam('force', 'Also what a newer event of the same slot has made stale.')
