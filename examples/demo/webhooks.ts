import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import type { JsonObject } from '../../src/contract/model-event.ts'

/** A webhook request, as its sender puts it on the wire. */
export interface Webhook {
  /** The name of the source: the last part of the URL. */
  source: string
  /** The registry's name of the event, for people. */
  event: string
  /** In their order, spelled as they are sent. */
  headers: readonly (readonly [name: string, value: string])[]
  body: string
}

/** The receiver's answer. */
export interface WebhookAnswer {
  status: number
  body: JsonObject
}

/** curl 7.88, as Debian 12 has it: `webhook_test.sh` sends with curl. */
const CURL = [
  ['User-Agent', 'curl/7.88.1'],
  ['Accept', '*/*'],
] as const

/**
 * The request of `webhook_test.sh` in W&B's documentation, byte for byte: its headers, and the HMAC-SHA256 of the body
 * as `openssl dgst -sha256 -hmac "$SECRET" -binary | base64` writes it.
 * https://docs.wandb.ai/guides/core/automations/create-automations/webhook
 */
export function wandbWebhook(
  payload: JsonObject & { event_type: string },
  { access_token, secret }: { access_token: string; secret: string },
): Webhook {
  const body = JSON.stringify(payload)
  const signature = createHmac('sha256', secret).update(body).digest('base64')
  const headers = [
    ...CURL,
    ['Content-Type', 'application/json'],
    ['Authorization', `Bearer ${access_token}`],
    ['X-Wandb-Signature', signature],
  ] as const
  return { source: 'wandb', event: payload.event_type, headers, body }
}

/**
 * A registry webhook of Databricks: the HMAC-SHA256 of the body as hex.
 * https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks
 */
export function databricksWebhook(
  payload: JsonObject & { event: string },
  { secret }: { secret: string },
): Webhook {
  const body = JSON.stringify(payload)
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = [
    ['Content-Type', 'application/json'],
    ['X-Databricks-Signature', signature],
  ] as const
  return { source: 'databricks', event: payload.event, headers, body }
}

/** Sends a webhook with exactly its headers, between `Host` and `Content-Length`. */
export async function sendWebhook(
  receiver_url: string,
  { source, headers, body }: Webhook,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const url = new URL(`/webhooks/${source}`, receiver_url)
  const length = Buffer.byteLength(body)
  const all = [['Host', url.host], ...headers, ['Content-Length', String(length)]]
  const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>()
  // Without `setDefaultHeaders: false` Node would add headers that curl doesn't send.
  const options = { method: 'POST', agent: false, setDefaultHeaders: false, signal, headers: all.flat() }
  const request = httpRequest(url, options, (response) => {
    text(response)
      .then((answer) => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as JsonObject })
      })
      .catch(reject)
  })
  request.on('error', reject)
  request.end(body)
  return await promise
}
