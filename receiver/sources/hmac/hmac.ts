/** Any sender that signs its webhooks with an HMAC, or sends a token: what it sends is described by configuration. */
import type { Json } from '../../../src/contract/model-event.ts'
import { textOf } from '../../../src/contract/clean-json.ts'
import { eventsByFields } from '../fields/events.ts'
import { follow, parsePath } from '../fields/path.ts'
import { FIELD_NAMES, NEUTRAL_EVENTS, type FieldPlaces } from '../fields/settings.ts'
import { allOf, verifyAuthorization, verifyBearer } from '../signature.ts'
import { sourceType, type WebhookRequest } from '../source.ts'
import { sampleFields } from '../standard-webhooks/samples.ts'
import { checkHmac } from './check.ts'
import { placeholders } from './pattern.ts'
import { hmacSettings, signatureOf, type HmacSettings } from './settings.ts'
import { hmacVerifier } from './verify.ts'

/** The plainest body: each part under its own name. */
const PLACES: FieldPlaces = Object.fromEntries(['type', ...FIELD_NAMES].map((name) => [name, name]))

const SETUP = `1. In the sender, add a webhook with the URL \`{url}\` and a secret, one of the \`secrets\` of this source.
2. Look up in its documentation how it signs, and write that under \`signature\`; a sender that sends a fixed header
   instead has \`access_token\` or \`authorization\`.
3. Say with \`fields\` where its bodies have the model, the version and the rest, and with \`kinds\` what its event types
   mean. A sender whose bodies you write yourself needs neither: see below.
`

/** Any sender that signs with an HMAC as a source. */
export const hmac = sourceType({
  type: 'hmac',
  title: 'Any sender with an HMAC',
  settings: hmacSettings,
  credentials: ['secrets', 'access_token', 'authorization'],
  events: NEUTRAL_EVENTS,
  eventsOf: ({ kinds }) => kinds ?? {},
  check: checkHmac,
  connect({ credentials: { secrets, access_token, authorization }, settings, dedupe_ms }) {
    const { fields, kinds, delivery_id } = settings
    const rules = { places: fields ?? PLACES, kinds: kinds ?? {} }
    const signature = signatureOf(settings)
    const id_header = typeof delivery_id === 'string' ? delivery_id : null
    const check = secrets.length === 0 ? null : hmacVerifier(signature, secrets, id_header)
    const signed = id_header === null || placeholders(signature.signed).includes('id')
    return {
      lists: rules.places.items !== undefined,
      verify: (request) =>
        allOf([
          check === null ? null : check(request),
          verifyBearer(request.headers['authorization'], access_token),
          verifyAuthorization(request.headers['authorization'], authorization),
        ]),
      parse: (body, request) => {
        const id = idOf(delivery_id, body, request)
        return eventsByFields(body, request, rules, { id, signed, dedupe_ms })
      },
    }
  },
  samples: Object.fromEntries(
    Object.keys(NEUTRAL_EVENTS).map((type) => [type, { type, ...sampleFields(type) }]),
  ),
  setup: SETUP,
})

function idOf(place: HmacSettings['delivery_id'], body: Json, { headers }: WebhookRequest): string | null {
  if (place === undefined) return null
  if (typeof place === 'string') return headers[place.toLowerCase()] || null
  return textOf(follow(body, parsePath(place.body)?.steps ?? []))
}
