import { createHmac } from 'node:crypto'
import type { SourceConfig } from '../config/config.ts'
import type { Source } from '../runtime/sources.ts'
import { equalSecrets } from '../secrets/equal.ts'
import { SOURCE_TYPES } from '../sources/index.ts'
import type { WebhookRequest } from '../sources/source.ts'

/** The most other sources that a request is tried with. */
const MOST_OTHERS = 20

/** The headers in which registries send their signatures, with the type of the source that reads each. */
const HEADERS: readonly (readonly [name: string, type: string])[] = [...SOURCE_TYPES.values()].flatMap(
  ({ type, signature_headers = [] }) => signature_headers.map((name) => [name, type] as const),
)

/** The algorithms that signatures are made with by mistake, by the length of what they give, in bytes. */
const ALGORITHMS = new Map([
  [20, 'sha1'],
  [32, 'sha256'],
  [48, 'sha384'],
  [64, 'sha512'],
])

/** How often a refused request is looked at, per source, in ms of the steady clock. */
const SLIP_EVERY_MS = 10_000

const looked = new WeakMap<Source, number>()

/**
 * Returns what a request that was refused would have fitted, for our log alone; null where nothing is known, and for
 * further requests to the source within ten seconds. `now`: ms of the steady clock.
 */
export function lookForSlip(
  source: Source,
  request: WebhookRequest,
  others: Iterable<Source>,
  now: number,
): string | null {
  if (now - (looked.get(source) ?? -Infinity) < SLIP_EVERY_MS) return null
  looked.set(source, now)
  return slipOf(source, request, others)
}

/**
 * Returns what a request would have fitted; null where nothing is known. Each guess is asked of the source itself, with
 * one thing changed.
 */
export function slipOf(source: Source, request: WebhookRequest, others: Iterable<Source>): string | null {
  const { secrets } = source.config.credentials
  const holds = (asked: Pick<Source, 'verify'>, changed: WebhookRequest = request) => asked.verify(changed).ok
  if (holds(source.withSecrets(secrets.map((secret) => `${secret}\n`)))) {
    return 'the sender has the secret with a line break at its end'
  }
  if (holds(source, { ...request, body: Buffer.concat([request.body, Buffer.from('\n')]) })) {
    return 'the sender signed the body with a line break at its end'
  }
  const cut = request.body.subarray(0, request.body.toString('latin1').trimEnd().length)
  if (cut.length < request.body.length && holds(source, { ...request, body: cut })) {
    return 'the sender signed the body without the line break at its end'
  }
  for (const other of [...others].slice(0, MOST_OTHERS)) {
    const open = other.config.insecure || other.config.name === source.config.name
    if (!open && holds(other)) return `the request fits the source ${other.config.name}`
  }
  return otherForm(request, source.config) ?? otherRegistry(request, source.config.type)
}

/** A plain HMAC of the body that the source does not read: of another algorithm, encoding, or header. */
function otherForm(
  { headers, body }: WebhookRequest,
  { type, credentials: { secrets, access_token, authorization } }: SourceConfig,
): string | null {
  // Where the source reads it, a token may be what is wrong.
  const isOther = (algorithm: string) =>
    algorithm !== 'sha256' || (type === 'hmac' && access_token === null && authorization === null)
  for (const [name, value = ''] of Object.entries(headers)) {
    const text = name.includes('signature') ? value.trim().replace(/^[\w-]+=(?=.)/, '') : ''
    for (const encoding of ['hex', 'base64'] as const) {
      const bytes = Buffer.from(text, encoding)
      const algorithm = ALGORITHMS.get(bytes.length)
      if (algorithm === undefined || !isOther(algorithm)) continue
      const fits = secrets.some((secret) =>
        equalSecrets(createHmac(algorithm, secret).update(body).digest(), bytes),
      )
      if (fits) return `the header ${name} is an HMAC-${algorithm.toUpperCase()} of the body in ${encoding}`
    }
  }
  return null
}

function otherRegistry({ headers }: WebhookRequest, type: string): string | null {
  for (const [name, registry] of HEADERS) {
    if (headers[name] === undefined) continue
    return registry === type || type === 'hmac'
      ? null
      : `the header ${name} is one of a source of the type ${registry}`
  }
  return null
}
