import { createHmac, randomUUID } from 'node:crypto'
import type { SourceConfig } from '../config/config.ts'
import { readSecret } from '../sources/hmac/keys.ts'
import { signatureOf, type HmacSettings } from '../sources/hmac/settings.ts'
import { hmacSha256 } from '../sources/signature.ts'
import { readKey } from '../sources/standard-webhooks/keys.ts'
import { CommandError } from './command-error.ts'

/** What a registry adds to a body for the receiver to believe it. */
export interface Signed {
  headers: Record<string, string>
  query: Record<string, string>
}

type Sign = (body: Buffer, source: SourceConfig, now: number) => Signed

/**
 * Signs a body as the registry of this source would, with the first of its `secrets` and its tokens.
 * @param now Unix ms.
 * @throws CommandError where the sender's key is not here: the receiver has only the public one.
 */
export function signAs(source: SourceConfig, body: Buffer, now: number): Signed {
  const { access_token, authorization } = source.credentials
  const sign = source.credentials.secrets.length === 0 ? undefined : SIGNS.get(source.type)
  const { headers, query } = sign?.(body, source, now) ?? { headers: {}, query: {} }
  const token = authorization ?? (access_token === null ? null : `Bearer ${access_token}`)
  return { headers: { ...headers, ...(token === null ? {} : { authorization: token }) }, query }
}

const SIGNS: ReadonlyMap<string, Sign> = new Map<string, Sign>([
  [
    'wandb',
    (body, source) => inHeader('X-Wandb-Signature', hmacSha256(secretOf(source), body).toString('base64')),
  ],
  [
    'databricks',
    (body, source) => inHeader('X-Databricks-Signature', hmacSha256(secretOf(source), body).toString('hex')),
  ],
  ['huggingface', (_body, source) => inHeader('X-Webhook-Secret', secretOf(source))],
  ['mlflow', signMlflow],
  ['standard-webhooks', signStandard],
  ['hmac', signHmac],
])

const secretOf = ({ credentials: { secrets } }: SourceConfig) => secrets[0] ?? ''

function inHeader(name: string, value: string): Signed {
  return { headers: { [name]: value }, query: {} }
}

function signMlflow(body: Buffer, source: SourceConfig, now: number): Signed {
  const id = randomUUID()
  const timestamp = String(Math.floor(now / 1_000))
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const signature = `v1,${hmacSha256(secretOf(source), content).toString('base64')}`
  return {
    headers: { 'X-MLflow-Signature': signature, 'X-MLflow-Delivery-Id': id, 'X-MLflow-Timestamp': timestamp },
    query: {},
  }
}

function signStandard(body: Buffer, source: SourceConfig, now: number): Signed {
  const key = source.credentials.secrets.map(readKey).find((one) => one?.scheme === 'v1')
  if (key?.scheme !== 'v1')
    throw new CommandError(
      `The source ${source.name} has only public keys, and the sender alone can sign with the private one.`,
      'Add a `whsec_…` secret to its `secrets` while you try.',
    )
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  const timestamp = String(Math.floor(now / 1_000))
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
  const signature = `v1,${hmacSha256(key.bytes, content).toString('base64')}`
  return {
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature },
    query: {},
  }
}

function signHmac(body: Buffer, source: SourceConfig, now: number): Signed {
  const settings = source.settings as HmacSettings
  const setting = signatureOf(settings)
  const id = randomUUID()
  const timestamp = String(Math.floor(now / 1_000))
  const values: Record<string, Buffer> = { id: Buffer.from(id), timestamp: Buffer.from(timestamp), body }
  const parts = setting.signed.split(/\{(id|timestamp|body)\}/)
  const content = Buffer.concat(parts.map((part, i) => (i % 2 === 1 && values[part]) || Buffer.from(part)))
  const key = readSecret(secretOf(source), setting.secret_encoding) ?? Buffer.alloc(0)
  const digest = createHmac(setting.algorithm, key).update(content).digest(setting.encoding)
  const text = setting.pattern.replaceAll('{signature}', digest).replaceAll('{timestamp}', timestamp)
  const headers: Record<string, string> = {}
  if (setting.header !== undefined) headers[setting.header] = text
  if (setting.timestamp !== undefined) headers[setting.timestamp] = timestamp
  if (typeof settings.delivery_id === 'string') headers[settings.delivery_id] = id
  return { headers, query: setting.query === undefined ? {} : { [setting.query]: text } }
}
