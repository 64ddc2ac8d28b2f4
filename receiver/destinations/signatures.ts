import { createHmac } from 'node:crypto'
import { RenderError } from './destination.ts'

/** Whose form a signature has: that of W&B's webhooks, of Databricks' registry webhooks, or Standard Webhooks. */
export const SIGNATURE_FORMS = ['wandb', 'databricks', 'standard'] as const

/** See {@link SIGNATURE_FORMS}. */
export type SignatureForm = (typeof SIGNATURE_FORMS)[number]

/** The signed parts of a request. */
export interface Signed {
  secret: string
  /** The same for every attempt: receivers tell repeats by it. */
  id: string
  /** The time of this attempt, in Unix ms. */
  now: number
  body: string
}

/**
 * Returns the headers that sign a body, each an HMAC-SHA256 under the secret: `X-Wandb-Signature` in base64,
 * `X-Databricks-Signature` in hex, or the three headers of Standard Webhooks 1.0.
 *
 * @throws RenderError where Standard Webhooks cannot use the secret.
 */
export function signatureHeaders(
  form: SignatureForm,
  { secret, id, now, body }: Signed,
): Record<string, string> {
  switch (form) {
    case 'wandb':
      return { 'x-wandb-signature': hmac(secret, body).toString('base64') }
    case 'databricks':
      return { 'x-databricks-signature': hmac(secret, body).toString('hex') }
    case 'standard': {
      const at = String(Math.floor(now / 1000))
      const signature = hmac(standardKey(secret), `${id}.${at}.${body}`).toString('base64')
      return { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` }
    }
  }
}

function hmac(key: string | Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest()
}

/** The least and the most that Standard Webhooks allows for a key, in bytes. */
const STANDARD_KEY = { least: 24, most: 64 }

/** The bytes of `whsec_` and base64: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function standardKey(secret: string): Buffer {
  const text = secret.replace(/^whsec_/, '')
  const key = Buffer.from(text, 'base64')
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0
  if (isBase64 && key.length >= STANDARD_KEY.least && key.length <= STANDARD_KEY.most) return key
  throw new RenderError(
    `\`secret\` is no secret of Standard Webhooks: \`whsec_\` and ${STANDARD_KEY.least} to ${STANDARD_KEY.most} bytes in base64.`,
    'Make one with `echo whsec_$(openssl rand -base64 32)`, and give it to both sides; or sign in another form with `sign`.',
  )
}
