import { matchingKey, refused, unsigned } from '../signature.ts'
import { staleness } from '../signed-message.ts'
import type { Verification, WebhookRequest } from '../source.ts'
import { readSecret, readSignature } from './keys.ts'
import { findIn, placeholders, readPattern, signedContent, type Found } from './pattern.ts'
import type { SignatureForm } from './settings.ts'

/** The size of an HMAC, in bytes. */
const DIGEST_BYTES = { sha256: 32, sha512: 64 }

/**
 * Returns what checks requests against a signature as the configuration describes it. `id_header` holds the delivery
 * id; null where none is configured.
 */
export function formVerifier(
  form: SignatureForm,
  secrets: readonly string[],
  id_header: string | null,
): (request: WebhookRequest) => Verification {
  const { pattern, encoding, algorithm, secret_encoding, signed, tolerance } = form
  const read = readPattern(pattern)
  const keys = secrets.map((secret) => readSecret(secret, secret_encoding) ?? Buffer.alloc(0))
  const dated = placeholders(signed).includes('timestamp')
  const { header, query = '' } = form
  const name = header === undefined ? `the parameter ${query}` : `the header ${header}`
  return (request) => {
    const given = header === undefined ? request.query.get(query) : request.headers[header.toLowerCase()]
    if (given === undefined || given === null || given === '') return unsigned(name)
    const found = findIn(given, read)
    const bytes = found.signatures
      .map((each) => readSignature(each, encoding))
      .filter((each) => each?.length === DIGEST_BYTES[algorithm])
      .filter((each) => each !== null)
    if (bytes.length === 0)
      return refused(`${name} is no HMAC-${algorithm.toUpperCase()} in ${encoding} as ${pattern}`)
    const timestamp = timestampOf(request, found, form)
    const id = id_header === null ? '' : (request.headers[id_header.toLowerCase()] ?? '')
    // Node.js gives each byte of a header as the Latin-1 character of its number.
    const content = signedContent(signed, {
      id: Buffer.from(id, 'latin1'),
      timestamp: Buffer.from(timestamp, 'latin1'),
      body: request.body,
    })
    const index = matchingKey(content, bytes, keys, algorithm)
    if (index === null) return refused(`${name} fits none of the source's secrets (${keys.length})`)
    return {
      ok: true,
      secret: index,
      ...(dated ? staleness(secondsOf(timestamp), request.now, tolerance) : {}),
    }
  }
}

function timestampOf({ headers }: WebhookRequest, found: Found, { timestamp }: SignatureForm): string {
  return (timestamp === undefined ? found.timestamp : headers[timestamp.toLowerCase()]) ?? ''
}

/** Some senders count in milliseconds. */
const secondsOf = (timestamp: string) => (/^\d{13}$/.test(timestamp) ? timestamp.slice(0, -3) : timestamp)
