import { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import type { Answer } from '../outbound/answer.ts'
import { VERSION } from '../observe/version.ts'
import { boundedFetch } from '../outbound/bounded-fetch.ts'

/** The version of GitHub's REST API that is asked for; supported since 2022, and what GHES understands. */
export const API_VERSION = '2022-11-28'

/** The receiver's user agent: GitHub refuses requests without one. */
export const USER_AGENT = `model-dispatch/${VERSION}`

/**
 * The most that is read of an answer, in bytes: enough for an installation token that lists 500 repositories with all
 * their fields; a dispatch's answer is empty.
 */
const ANSWER_LIMIT = 8 * 1024 * 1024

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // Octokit's own log lines would name URLs next to our structured ones.
}

/** No answer came. `cause` is the error of `fetch`. */
export class NoAnswerError extends Error {
  constructor(cause: unknown) {
    super('No answer came.', { cause })
    this.name = 'NoAnswerError'
  }
}

type Options = ConstructorParameters<typeof Octokit>[0]

/** Returns an Octokit for one API address: pinned API version, our user agent; no retries, throttling or redirects. */
export function createOctokit(api_url: string, options: Options = {}): Octokit {
  const octokit = new Octokit({
    ...options,
    baseUrl: api_url,
    userAgent: USER_AGENT,
    log: quiet,
    request: { fetch: boundedFetch(ANSWER_LIMIT), log: quiet },
  })
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = API_VERSION
  })
  return octokit
}

/** A request to GitHub. */
export interface Call {
  method: 'GET' | 'POST'
  /** Below the API address (`/repos/acme/serving`), or a whole URL on the same host. */
  url: string
  token?: string
  /** JSON text, sent as it is: Octokit's own serialiser turns strings like `"12n"` into numbers. */
  body?: string
  signal: AbortSignal
}

/**
 * Makes one request and returns its answer, an HTTP error status included.
 * @throws NoAnswerError when none came; errors of an authentication strategy as they are.
 */
export async function call(octokit: Octokit, { method, url, token, body, signal }: Call): Promise<Answer> {
  try {
    const response = await octokit.request(`${method} ${url}`, {
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      },
      ...(body === undefined ? {} : { data: body }),
      request: { signal },
    })
    return toAnswer(response)
  } catch (error) {
    if (error instanceof RequestError && error.response !== undefined) return toAnswer(error.response)
    if (error instanceof RequestError || isAbort(error)) throw new NoAnswerError(error.cause ?? error)
    throw error
  }
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

function toAnswer(response: { status: number; headers: object; data: unknown }): Answer {
  return {
    status: response.status,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: bodyText(response.data),
  }
}

function bodyText(data: unknown): string {
  if (typeof data === 'string') return data
  if (data === undefined || data === null) return ''
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString()
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}

/** Returns a path below the API address. Every part is encoded, so that nothing in a name can leave its part. */
export function apiPath(...parts: (string | number)[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('')
}
