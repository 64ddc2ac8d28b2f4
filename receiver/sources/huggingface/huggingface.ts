/**
 * Webhooks of the Hugging Face Hub, version 3.
 * https://huggingface.co/docs/hub/webhooks
 */
import { z } from 'zod'
import { isObject } from '../../../src/contract/clean-json.ts'
import type { Json } from '../../../src/contract/model-event.ts'
import { equalSecrets, sentBytes } from '../../secrets/equal.ts'
import { canonicalHash, sha256Hex } from '../identity.ts'
import { refused, unsigned } from '../signature.ts'
import {
  sourceType,
  statedEvent,
  type Credentials,
  type SourceEvent,
  type Verification,
  type WebhookRequest,
} from '../source.ts'
import { decodeHuggingFaceBody } from './body.ts'
import { HUGGINGFACE_EVENTS } from './events.ts'
import { HUGGINGFACE_SAMPLES } from './samples.ts'

/** The Hub sends no delivery id: only an immediate repeat is the same. */
const REPEAT_WINDOW_MS = 10_000

const SETUP = `Webhooks belong to a user, not to an organisation, and can watch both.

1. _Settings > Webhooks > Add a new webhook_ (https://huggingface.co/settings/webhooks).
2. _Target repositories_: the models, or the users and organisations whose models count.
3. _Webhook URL_: \`{url}\`. _Secret_: one of the \`secrets\` of this source, letters and digits only.
4. _Triggers_: _Repository update_ is enough for new versions; _Discussions_ are for comments and pull requests.

The Hub sends the secret as it is and signs nothing: anyone who reads one request can send others. Use https, and a
secret of its own. _Activity_ lists each delivery, with _Replay_.
`

/** The Hugging Face Hub as a source. */
export const huggingface = sourceType({
  type: 'huggingface',
  title: 'Hugging Face Hub',
  settings: {
    secret_parameter: z
      .string()
      .regex(/^[\w.~-]{1,64}$/, 'letters, digits and . _ ~ - only')
      .optional()
      .describe(
        'Query parameter of the URL that may carry the secret instead of the header X-Webhook-Secret.',
      ),
  },
  credentials: ['secrets'],
  signature_headers: ['x-webhook-secret'],
  events: HUGGINGFACE_EVENTS,
  connect: ({ credentials, settings, dedupe_ms }) => ({
    verify: (request) => verify(request, credentials, settings.secret_parameter ?? null),
    parse: (body, request) => parse(body, request, dedupe_ms ?? REPEAT_WINDOW_MS),
    sign: () => ({ headers: { 'X-Webhook-Secret': credentials.secrets[0] ?? '' } }),
  }),
  samples: HUGGINGFACE_SAMPLES,
  setup: SETUP,
})

function verify(
  { headers, query }: WebhookRequest,
  { secrets }: Credentials,
  parameter: string | null,
): Verification {
  const header = headers['x-webhook-secret']
  const given = header ?? (parameter === null ? null : query.get(parameter))
  if (secrets.length === 0) return refused('the source has no credentials to check with')
  if (given === null || given === '') return unsigned('the header X-Webhook-Secret')
  const sent = header === undefined ? given : sentBytes(header)
  const secret = secrets.map((each) => equalSecrets(sent, each)).indexOf(true)
  if (secret >= 0) return { ok: true, secret }
  const where = header === undefined ? `the parameter ${String(parameter)}` : 'the header X-Webhook-Secret'
  return refused(`${where} is none of the source's secrets (${secrets.length})`)
}

function parse(value: Json, request: WebhookRequest, window_ms: number): SourceEvent[] {
  const body = isObject(value) ? value : {}
  const events = decodeHuggingFaceBody(body, statedEvent(request))
  return events.map(({ event, hint, flat }, i) => {
    const { type = null, entity = null, name = null } = event.model ?? {}
    const home = canonicalHash([type, entity, name])
    const body_hash = sha256Hex(events.length === 1 ? request.body : `${i}.${sha256Hex(request.body)}`)
    const key = events.length === 1 ? home : canonicalHash([home, i])
    const identity = { rule: 'last', key, value: body_hash, window_ms, body_hash } as const
    return { event, identity, home: name === null ? null : home, hint, dispatch_type: null, flat }
  })
}
