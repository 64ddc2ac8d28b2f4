import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { judgeAnswer } from './judge.ts'

/** An HTTP answer, read to its end. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON; `{}` where it is none. */
  body: Record<string, unknown>
}

export interface RequestParts {
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string | Buffer
  /** Sends the body in pieces without a Content-Length. */
  chunked?: boolean
  /** The address of this machine that the request comes from. Default: 127.0.0.1. */
  from?: string
}

/**
 * One HTTP request on a connection of its own, byte for byte as given. An answer that comes while the body is still
 * being sent counts. Rejects when the connection breaks before an answer, and in tests when an answer of the management API
 * is none of those that its OpenAPI document has.
 */
export function request(url: string, parts: RequestParts = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, chunked = false, from } = parts
  const open = url.startsWith('https:') ? httpsRequest : httpRequest
  const body = Buffer.from(parts.body ?? '')
  const length = chunked || method === 'GET' ? {} : { 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    const sent = open(url, {
      ...{ method, headers: { ...length, ...headers }, agent: false },
      ...(from === undefined ? {} : { localAddress: from }),
      // The certificates of the tests are signed by nobody.
      rejectUnauthorized: false,
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const answer = { status: response.statusCode ?? 0, headers: response.headers, text }
        judgeAnswer(url, method, answer).then(() => {
          resolve({ ...answer, body: parseObject(text) })
        }, reject)
      })
    })
    if (chunked) for (let at = 0; at < body.length; at += 65_536) sent.write(body.subarray(at, at + 65_536))
    sent.end(chunked ? undefined : body)
  })
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
