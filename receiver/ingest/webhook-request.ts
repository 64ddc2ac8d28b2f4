import type { Request } from 'express'
import type { WebhookRequest } from '../sources/source.ts'

const NO_QUERY = new URLSearchParams()

/** Returns a request whose body was read as sources see it; `now` is Unix time in ms. */
export function webhookOf({ headers, url }: Request, body: Buffer, now: number): WebhookRequest {
  const at = url.indexOf('?')
  const query = at === -1 ? NO_QUERY : new URLSearchParams(url.slice(at))
  return { body, headers: headers as WebhookRequest['headers'], query, now }
}

/** Returns the bytes alone: as long as an event waits, a view of a small part of a buffer would hold all of it. */
export const ownBytes = (body: Buffer): Uint8Array =>
  body.buffer.byteLength <= 2 * body.byteLength ? body : new Uint8Array(body)
