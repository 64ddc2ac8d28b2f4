import type { Request } from 'express'
import type { WebhookRequest } from '../sources/source.ts'

const NO_QUERY = new URLSearchParams()

/** Returns a request whose body was read as sources see it; `now` is Unix time in ms. */
export function webhookOf({ headers, url }: Request, body: Buffer, now: number): WebhookRequest {
  const at = url.indexOf('?')
  const query = at === -1 ? NO_QUERY : new URLSearchParams(url.slice(at))
  return { body, headers: headers as WebhookRequest['headers'], query, now }
}

/** Returns the bytes alone: a view of a pooled buffer would take the whole pool with it to the store's thread. */
export const ownBytes = (body: Buffer): Uint8Array => new Uint8Array(body)
