import { createHmac } from 'node:crypto'
import { request, type Answer, type RequestParts } from './http.ts'

/** The signing secrets of the tests' sources. */
export const WANDB_SECRET = 'wandb-signing-secret-of-the-tests'
export const DATABRICKS_SECRET = 'databricks-signing-secret-of-the-tests'

export interface SendOptions {
  /** Signs with this one; null sends no signature. */
  secret?: string | null
  /** `Authorization: Bearer …`. */
  token?: string
  /** The source's name, with a query if need be. */
  source?: string
  headers?: Readonly<Record<string, string>>
  chunked?: boolean
}

/** The body of a webhook: an object is sent as JSON, text and bytes as they are. */
export type Body = string | Buffer | Readonly<Record<string, unknown>>

/** Sends a webhook as W&B does: `X-Wandb-Signature` in base64 over the bytes. */
export function sendWandb(url: string, body: Body, options: SendOptions = {}): Promise<Answer> {
  const { secret = WANDB_SECRET, source = 'wandb' } = options
  const bytes = bytesOf(body)
  const signature = secret === null ? {} : { 'x-wandb-signature': hmac(secret, bytes).toString('base64') }
  return post(`${url}/webhooks/${source}`, bytes, signature, options)
}

/** Sends a webhook as Databricks does: `X-Databricks-Signature` in hex over the bytes. */
export function sendDatabricks(url: string, body: Body, options: SendOptions = {}): Promise<Answer> {
  const { secret = DATABRICKS_SECRET, source = 'databricks' } = options
  const bytes = bytesOf(body)
  const signature = secret === null ? {} : { 'x-databricks-signature': hmac(secret, bytes).toString('hex') }
  return post(`${url}/webhooks/${source}`, bytes, signature, options)
}

/** What W&B renders when an alias is added; each part can be set. Without an alias the path names a version. */
export function aliasBody(parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { alias = 'production', artifact_collection_name: model = 'resnet50' } = parts
  return {
    event_type: 'ADD_ARTIFACT_ALIAS',
    event_author: 'jane',
    alias,
    tag: '',
    artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
    artifact_version_string: `my-team/model-registry/${String(model)}:${alias === '' ? 'v3' : String(alias)}`,
    artifact_collection_name: model,
    project_name: 'model-registry',
    entity_name: 'my-team',
    ...parts,
  }
}

function post(
  url: string,
  body: Buffer,
  signature: Record<string, string>,
  options: SendOptions,
): Promise<Answer> {
  const { token, headers = {}, chunked = false } = options
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const parts: RequestParts = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature, ...authorization, ...headers },
    body,
    chunked,
  }
  return request(url, parts)
}

function bytesOf(body: Body): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function hmac(secret: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(body).digest()
}
