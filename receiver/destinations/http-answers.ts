import type { Answer } from '../outbound/answer.ts'
import type { AnswerRow } from '../outbound/answer-table.ts'
import { retryAfter } from '../outbound/retry-after.ts'
import { bound, inline } from '../secrets/redact.ts'

/** The facts beside an answer that its words depend on. */
export interface HttpAnswerContext {
  /** Now, in Unix ms. */
  now: number
  /** Who answered. */
  host: string
  /** The values that must not be quoted. */
  secrets: readonly string[]
}

/** A row of a table of answers of an HTTP destination. */
export type HttpAnswerRow = AnswerRow<HttpAnswerContext>

/** The longest that the server of a user's URL may make its lane wait, in ms. */
const LONGEST_WAIT_MS = 3_600_000

/** The most that is quoted of an answer, in bytes of UTF-8. */
const QUOTE_LIMIT = 300

const silent = (): string => ''
const statusOf =
  (...list: number[]) =>
  ({ status }: Answer) =>
    list.includes(status)

/** The meaning of an answer for a destination that does not say otherwise; the first row that applies wins. */
export const COMMON_ANSWERS: readonly HttpAnswerRow[] = [
  {
    id: 'accepted',
    applies: ({ status }) => status >= 200 && status < 300,
    class: 'success',
    message: silent,
    fix: silent,
  },
  {
    id: 'redirect',
    applies: ({ status }) => status >= 300 && status < 400,
    class: 'permanent',
    message: ({ status, headers }, { host, secrets }) =>
      `${host} redirects (HTTP ${status}${leadsTo(headers['location'], secrets)}), and redirects are not followed: they could lead anywhere.`,
    fix: () =>
      'Put the address that the redirect leads to into the destination, if you trust it: often https instead of http, or a slash at the end. Then redeliver.',
  },
  {
    id: 'unauthorized',
    applies: statusOf(401, 407),
    class: 'credentials',
    message: (answer, { host, secrets }) =>
      `${host} refuses the credentials (HTTP ${answer.status}): ${quote(answer, secrets)}`,
    fix: () =>
      'Check the token, secret or authorization of the destination. Deliveries wait; one is tried every five minutes.',
  },
  {
    id: 'limited',
    applies: ({ status, headers }) =>
      status === 429 || (status === 503 && headers['retry-after'] !== undefined),
    class: 'limited',
    message: ({ status }, { host }) => `${host} asks to slow down (HTTP ${status}).`,
    fix: () => 'Nothing to do: deliveries go on after the wait.',
    wait: waitOf,
  },
  {
    id: 'gone',
    applies: statusOf(404, 410),
    class: 'permanent',
    message: (answer, { host, secrets }) =>
      `${host} has nothing at this address${answer.status === 410 ? ' any more' : ''} (HTTP ${answer.status}): ${quote(answer, secrets)}`,
    fix: () => 'Correct the address in the destination, or remove the destination. Then redeliver.',
  },
  {
    id: 'too-large',
    applies: statusOf(413),
    class: 'permanent',
    message: (_, { host }) => `${host} does not take a body of this size (HTTP 413).`,
    fix: () => 'Send less: write a `body` with the fields that are needed. Then redeliver.',
  },
  {
    id: 'refused',
    // Time-outs, conflicts and "too early" can be over at the next try.
    applies: ({ status }) => status >= 400 && status < 500 && ![408, 409, 423, 425].includes(status),
    class: 'permanent',
    message: (answer, { host, secrets }) =>
      `${host} refuses the request (HTTP ${answer.status}): ${quote(answer, secrets)}`,
    fix: () => 'Correct what it names, in the destination or on the other side. Then redeliver.',
  },
  {
    id: 'failed',
    applies: () => true,
    class: 'ambiguous',
    message: (answer, { host, secrets }) =>
      `${host} could not handle the request (HTTP ${answer.status}): ${quote(answer, secrets)}`,
    fix: () => 'Look at the logs of the other side. The request is tried again by itself.',
    wait: waitOf,
  },
]

/** Returns the server's own words, secrets masked: the usual fields of a JSON error, else the start of the text. */
export function quote(
  { body, headers }: Pick<Answer, 'body' | 'headers'>,
  secrets: readonly string[],
): string {
  if (/html/i.test(headers['content-type'] ?? '') || /^\s*</.test(body)) return 'a web page.'
  return bound(inline(wordsOf(body), secrets), QUOTE_LIMIT) || 'no further words.'
}

function wordsOf(body: string): string {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null) return body
    const fields = value as Record<string, unknown>
    const words = ['error_code', 'error', 'title', 'detail', 'message'].map((key) => fields[key])
    const texts = words.filter((word) => typeof word === 'string')
    return texts.length === 0 ? body : texts.join(': ')
  } catch {
    return body
  }
}

/** Returns the wait in ms that an answer asks for with Retry-After, at most an hour, or null. */
export function waitOf({ headers }: Answer, { now }: HttpAnswerContext): number | null {
  return retryAfter(headers, now, LONGEST_WAIT_MS)
}

/** Without the query, where a secret may stand. */
function leadsTo(location: string | undefined, secrets: readonly string[]): string {
  if (location === undefined) return ''
  return ` to ${inline(location.replace(/[?#].*$/s, ''), secrets)}`
}
