import { isObject } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'
import { maskTokens } from '../secrets/mask-tokens.ts'
import { tellsSecret } from '../secrets/secret-names.ts'
import { jsonOr } from './read-input.ts'

/** The text in place of whatever was taken out. */
export const REMOVED = 'removed'

/** A pair of a query, a form or a cookie: what stands before it, its name, its value. */
const PAIR = /(^|[?&;\s"'])([^=&?;\s"'<>]{1,200})=([^&;\s"'<>]+)/g
/** A part of a form with files: its head with the name, and its value. */
const PART =
  /(\bname="([^"\r\n]{1,200})"[^\r\n]{0,300}\r?\n(?:[^\r\n]{1,300}\r?\n){0,9}\r?\n)([\s\S]*?)(?=\r?\n--|$)/g
/** User name and password of a URL. */
const USER = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s"'<>@]{1,400}@/gi
/** A header's value in a text. */
const SCHEME = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi

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
 * Returns a recorded request without credentials. Values of headers, parameters, form fields and fields of the body whose
 * names tell of one become `removed`, also in texts that are URLs, forms or JSON themselves. So does whatever has the shape
 * of a GitHub token or a JWT, and every text of `secrets`, wherever it stands.
 */
export function withoutCredentials(request: Recorded, secrets: readonly string[]): Recorded {
  const known = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  const hide = (text: string) =>
    cleanedText(
      known.reduce((rest, secret) => rest.replaceAll(secret, REMOVED), text),
      cleaned,
    )
  const cleaned = (value: Json): Json => {
    if (typeof value === 'string') return hide(value)
    if (Array.isArray(value)) return value.map(cleaned)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        hide(name),
        tellsSecret(name) ? REMOVED : cleaned(inner),
      ]),
    )
  }
  const named = (table: Record<string, string>) => cleaned(table) as Record<string, string>
  const { method, path, query, headers, body } = request
  return { method, path: hide(path), query: named(query), headers: named(headers), body: cleaned(body) }
}

/** Returns a text without what names or shapes in it tell of. A text that is JSON is cleaned as JSON. */
function cleanedText(text: string, cleaned: (value: Json) => Json): string {
  if (/^\s*[[{]/.test(text)) {
    const value = jsonOr(text)
    if (typeof value === 'object') return JSON.stringify(cleaned(value))
  }
  const pairs = text.replace(PAIR, (pair: string, before: string, name: string) =>
    tellsSecret(decoded(name)) ? `${before}${name}=${REMOVED}` : pair,
  )
  const parts = pairs.replace(PART, (part: string, head: string, name: string) =>
    tellsSecret(name) ? `${head}${REMOVED}` : part,
  )
  return maskTokens(parts.replace(USER, `$1${REMOVED}@`).replace(SCHEME, `$1 ${REMOVED}`), REMOVED)
}

/** Returns a text as a form or a URL means it; as it is where it is no such text. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
