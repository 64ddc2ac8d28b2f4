import { request, type Dispatcher } from 'undici'
import { networkDispatcher } from './network.ts'
import { readAtMost } from './read-at-most.ts'

/** The requests that {@link boundedFetch} takes: those of Octokit. */
interface Asked {
  method: Dispatcher.HttpMethod
  headers: Record<string, string>
  body?: string | undefined
  signal?: AbortSignal | undefined
}

/**
 * Returns a `fetch` that follows no redirect and reads no more than `limit` bytes of the answer's body. A body that
 * breaks off keeps what came. Made of undici's own request: the streams that the Fetch standard prescribes cost more
 * than all else about a dispatch.
 */
export function boundedFetch(limit: number): (url: string, init: Asked) => Promise<Response> {
  return async (url, { method, headers, body = null, signal }) => {
    const dispatcher = networkDispatcher()
    const answer = await request(url, { method, headers, body, dispatcher, signal: signal ?? null })
    const text = await readAtMost(answer.body, limit)
    return new Response(isBodiless(answer.statusCode) ? null : text, {
      status: answer.statusCode,
      headers: Object.entries(answer.headers).flatMap(eachValue),
    })
  }
}

function eachValue([name, value]: [string, string | string[] | undefined]): [string, string][] {
  return [value ?? []].flat().map((one) => [name, one])
}

/** Statuses that the `Response` constructor refuses a body for (Fetch standard, null body status). */
function isBodiless(status: number): boolean {
  return [101, 103, 204, 205, 304].includes(status)
}
