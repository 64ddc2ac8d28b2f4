import { isObject } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'

/** What stands where something was taken out. */
export const REMOVED = 'removed'

/** Names of headers, parameters and fields whose value lets somebody in, or comes of a secret. */
const TELLS = /auth|cookie|secret|token|passw|credential|signature|^sig$|api[-_]?key|private[-_]?key|session/i

/** A request that was recorded. */
export interface Recorded {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  /** JSON where it is JSON, else text. */
  body: Json
}

/**
 * Returns a recorded request without credentials: values of headers, parameters and fields of the body whose names tell
 * of one become `removed`, and so does every text of `secrets`, wherever it stands.
 */
export function withoutCredentials(request: Recorded, secrets: readonly string[]): Recorded {
  const hide = (text: string) =>
    secrets.filter((secret) => secret !== '').reduce((rest, secret) => rest.replaceAll(secret, REMOVED), text)
  const named = (table: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(table).map(([name, value]) => [name, TELLS.test(name) ? REMOVED : hide(value)]),
    )
  const cleaned = (value: Json): Json => {
    if (typeof value === 'string') return hide(value)
    if (Array.isArray(value)) return value.map(cleaned)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [hide(name), TELLS.test(name) ? REMOVED : cleaned(inner)]),
    )
  }
  const { method, path, query, headers, body } = request
  return { method, path: hide(path), query: named(query), headers: named(headers), body: cleaned(body) }
}
