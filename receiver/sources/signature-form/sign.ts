import { createHmac, randomUUID } from 'node:crypto'
import type { SentSignature } from '../source.ts'
import { readSecret } from './keys.ts'
import { signedContent } from './pattern.ts'
import type { SignatureForm } from './settings.ts'

/** The signed parts, and the key. */
export interface ToSign {
  body: Buffer
  /** As `secrets` holds it. */
  secret: string
  /** The header that holds the delivery id; null where none is configured. */
  id_header: string | null
  /** Unix ms. */
  now: number
}

/** Signs a body as the configuration describes it. */
export function signByForm(form: SignatureForm, { body, secret, id_header, now }: ToSign): SentSignature {
  const { header, query, pattern, algorithm, encoding, secret_encoding, signed } = form
  const id = randomUUID()
  const timestamp = String(Math.floor(now / 1_000))
  const content = signedContent(signed, { id: Buffer.from(id), timestamp: Buffer.from(timestamp), body })
  const key = readSecret(secret, secret_encoding) ?? Buffer.alloc(0)
  const digest = createHmac(algorithm, key).update(content).digest(encoding)
  const text = pattern.replaceAll('{signature}', digest).replaceAll('{timestamp}', timestamp)
  const headers: Record<string, string> = {}
  if (header !== undefined) headers[header] = text
  if (form.timestamp !== undefined) headers[form.timestamp] = timestamp
  if (id_header !== null) headers[id_header] = id
  return query === undefined ? { headers } : { headers, query: { [query]: text } }
}
