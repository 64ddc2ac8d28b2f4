import type { Credentials } from '../sources/source.ts'

/** Shorter ones would hit innocent text. */
const SHORTEST = 8
const MASK = '[secret]'

/**
 * Takes the source's own credentials out of a verified body: a template may have rendered one into it, and what is
 * stored, shown and sent on must not hold it. Gives the same buffer where there is nothing to hide.
 */
export function hideSecrets(body: Buffer, credentials: Credentials): Buffer {
  const { secrets, access_token, authorization } = credentials
  const token = authorization?.replace(/^\S+\s+/, '') ?? null
  const values = [...secrets, access_token, token].filter(
    (value) => value !== null && value.length >= SHORTEST,
  )
  let hidden = body
  for (const value of values) {
    // As plain text and as JSON spells it inside a string.
    for (const form of new Set([String(value), JSON.stringify(value).slice(1, -1)])) {
      if (hidden.includes(form)) hidden = Buffer.from(hidden.toString('utf8').replaceAll(form, MASK))
    }
  }
  return hidden
}
