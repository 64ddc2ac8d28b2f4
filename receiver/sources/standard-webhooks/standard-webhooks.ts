/**
 * Any sender of Standard Webhooks (Svix and others): https://www.standardwebhooks.com
 *
 * The library `standardwebhooks` judges the tests, but does not verify here: version 1.1 takes `1614265330abc` as a
 * timestamp (`parseInt`), decodes the body before it checks it, knows no `v1a`, and does not say which of several
 * secrets matched.
 */
import { eventsByFields } from '../fields/events.ts'
import { fieldSettings, NEUTRAL_EVENTS, type FieldPlaces } from '../fields/settings.ts'
import { refused, unsigned } from '../signature.ts'
import { signMessage, staleness } from '../signed-message.ts'
import {
  sourceType,
  type SentSignature,
  type SourceEvent,
  type Verification,
  type WebhookRequest,
} from '../source.ts'
import { readKey, signingKey, type Key } from './keys.ts'
import { sampleOf } from './samples.ts'

/** How far a signed timestamp may lie from now, in seconds: the tolerance of the libraries of Standard Webhooks. */
const TOLERANCE_S = 300
/** More signatures than a rotation needs are not looked at. */
const MOST_SIGNATURES = 16

/** The body that the specification recommends: `type`, `timestamp`, and the rest in `data`. */
const PLACES: FieldPlaces = {
  type: 'type',
  model: 'data.model',
  version: 'data.version',
  alias: 'data.alias',
  tag: 'data.tag',
  author: 'data.author',
  stage: 'data.stage',
  from_stage: 'data.from_stage',
  entity: 'data.entity',
  project: 'data.project',
  registry: 'data.registry',
  url: 'data.url',
  id: 'data.id',
  occurred_at: 'timestamp',
  metadata: 'data.metadata',
}

const SETUP = `1. In the sender, add an endpoint with the URL \`{url}\`.
2. Copy its signing secret (\`whsec_…\`), or its public key (\`whpk_…\`), into the \`secrets\` of this source.
3. Say with \`fields\` and \`kinds\` what its bodies mean, unless they have the form below.
`

/** Any sender of Standard Webhooks as a source. */
export const standardWebhooks = sourceType({
  type: 'standard-webhooks',
  title: 'Standard Webhooks',
  settings: fieldSettings,
  credentials: ['secrets'],
  signature_headers: ['webhook-signature', 'svix-signature'],
  events: NEUTRAL_EVENTS,
  eventsOf: ({ kinds }) => kinds ?? {},
  check: ({ credentials: { secrets } }) =>
    secrets.flatMap((secret, index) => (readKey(secret) === null ? [unreadable(index)] : [])),
  connect({ credentials: { secrets }, settings: { fields, kinds }, dedupe_ms }) {
    const keys = secrets.map(readKey)
    const rules = { places: fields ?? PLACES, kinds: kinds ?? {} }
    return {
      lists: rules.places.items !== undefined,
      verify: (request) => verify(request, keys),
      parse: (body, request): SourceEvent[] => {
        const id = headerOf(request, 'id') || null
        return eventsByFields(body, request, rules, { id, signed: true, dedupe_ms })
      },
      sign: (body, now) => sign(body, keys, now),
    }
  },
  samples: Object.fromEntries(Object.keys(NEUTRAL_EVENTS).map((type) => [type, sampleOf(type)])),
  setup: SETUP,
})

function unreadable(index: number) {
  return {
    path: ['secrets', index],
    message: 'is no secret of Standard Webhooks',
    fix: 'Copy it from the sender: whsec_ and base64, or whpk_ and the base64 of a public key.',
  }
}

function verify(request: WebhookRequest, keys: readonly (Key | null)[]): Verification {
  if (keys.length === 0) return refused('the source has no credentials to check with')
  const name = 'Webhook-Signature'
  const header = headerOf(request, 'signature')
  if (header === '') return unsigned(`the header ${name}`)
  const signatures = header.split(/[\s]+/).slice(0, MOST_SIGNATURES)
  if (!signatures.some((each) => /^v1a?,/.test(each))) {
    return refused(`the header ${name} is no list of signatures v1,… or v1a,…`)
  }
  const timestamp = headerOf(request, 'timestamp')
  const head = Buffer.from(`${headerOf(request, 'id')}.${timestamp}.`, 'latin1')
  const index = signingKey(Buffer.concat([head, request.body]), signatures, keys)
  if (index === null) return refused(`the header ${name} fits none of the source's secrets (${keys.length})`)
  return { ok: true, secret: index, ...staleness(timestamp, request.now, TOLERANCE_S) }
}

/** Returns null where the source has public keys alone. */
function sign(body: Buffer, keys: readonly (Key | null)[], now: number): SentSignature | null {
  const key = keys.find((one) => one?.scheme === 'v1')
  if (key?.scheme !== 'v1') return null
  const { id, timestamp, signature } = signMessage(body, key.bytes, now)
  return { headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } }
}

/** Svix sends the same three headers under its own name. */
function headerOf({ headers }: WebhookRequest, name: 'id' | 'timestamp' | 'signature'): string {
  const prefix = headers['webhook-signature'] === undefined ? 'svix' : 'webhook'
  return headers[`${prefix}-${name}`] ?? ''
}
