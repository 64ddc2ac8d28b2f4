/** Any sender that signs its webhooks with an HMAC, or sends a token: what it sends is described by configuration. */
import { z } from 'zod'
import { textOf } from '../../../src/contract/clean-json.ts'
import type { Json } from '../../../src/contract/model-event.ts'
import { eventsByFields } from '../fields/events.ts'
import { follow, parsePath } from '../fields/path.ts'
import {
  bodyPath,
  FIELD_NAMES,
  fieldSettings,
  headerName,
  NEUTRAL_EVENTS,
  type FieldPlaces,
} from '../fields/settings.ts'
import { allOf, verifyAuthorization, verifyBearer } from '../signature.ts'
import { formFaults } from '../signature-form/check.ts'
import { placeholders } from '../signature-form/pattern.ts'
import { formOf, signatureSetting } from '../signature-form/settings.ts'
import { signByForm } from '../signature-form/sign.ts'
import { formVerifier } from '../signature-form/verify.ts'
import { sourceType, type WebhookRequest } from '../source.ts'
import { sampleFields } from '../standard-webhooks/samples.ts'

const settings = {
  signature: signatureSetting,
  delivery_id: z
    .union([headerName('A header.'), z.strictObject({ body: bodyPath.describe('A path into the body.') })])
    .optional()
    .describe(
      "The header with the sender's id of the delivery, the same for all tries; `{ body: id }` for a path.",
    ),
  ...fieldSettings,
}

type DeliveryIdPlace = z.output<typeof settings.delivery_id>

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
  settings,
  credentials: ['secrets', 'access_token', 'authorization'],
  events: NEUTRAL_EVENTS,
  eventsOf: ({ kinds }) => kinds ?? {},
  check: ({ credentials: { secrets }, settings: { signature, delivery_id } }) =>
    formFaults({ given: signature, secrets, has_id: headerOf(delivery_id) !== null }),
  connect({ credentials, settings: { signature, delivery_id, fields, kinds }, dedupe_ms }) {
    const { secrets, access_token, authorization } = credentials
    const rules = { places: fields ?? PLACES, kinds: kinds ?? {} }
    const form = formOf(signature)
    const id_header = headerOf(delivery_id)
    const check = secrets.length === 0 ? null : formVerifier(form, secrets, id_header)
    const signed = id_header === null || placeholders(form.signed).includes('id')
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
      sign: (body, now) => signByForm(form, { body, secret: secrets[0] ?? '', id_header, now }),
    }
  },
  samples: Object.fromEntries(
    Object.keys(NEUTRAL_EVENTS).map((type) => [type, { type, ...sampleFields(type) }]),
  ),
  setup: SETUP,
})

const headerOf = (place: DeliveryIdPlace) => (typeof place === 'string' ? place : null)

function idOf(place: DeliveryIdPlace, body: Json, { headers }: WebhookRequest): string | null {
  if (place === undefined) return null
  if (typeof place === 'string') return headers[place.toLowerCase()] || null
  return textOf(follow(body, parsePath(place.body)?.steps ?? []))
}
