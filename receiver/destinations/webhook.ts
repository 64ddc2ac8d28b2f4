import { z } from 'zod'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { VERSION } from '../observe/version.ts'
import { secretTemplate, secretText } from '../secrets/settings.ts'
import { problemAt } from './check-templates.ts'
import { CLOUD_EVENT_TYPE, cloudEvent } from './cloud-event.ts'
import type { SettingsProblem } from './destination.ts'
import { httpDestination } from './http-destination.ts'
import type { HttpInput } from './http-spec.ts'
import { registryWebhook, registryWebhookBody } from './registry-webhook.ts'
import { SIGNATURE_FORMS, signatureHeaders } from './signatures.ts'

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json())

const settings = z.strictObject({
  type: z.literal('webhook'),
  url: secretTemplate('Where the request goes. Words of the event may stand behind the host.'),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').describe('The HTTP method.'),
  headers: z
    .record(z.string(), secretTemplate())
    .default({})
    .describe('Further headers, each a template: `x-api-key: "${env:KEY}"`.'),
  body: jsonObject.nullable().default(null).describe('A template. Default: the whole ModelEvent.'),
  format: z
    .enum(['json', 'cloudevents'])
    .default('json')
    .describe('`cloudevents` puts the body into the envelope of CloudEvents 1.0, as its `data`.'),
  access_token: secretText().nullable().default(null).describe('Sent as `Authorization: Bearer …`.'),
  authorization: secretText()
    .nullable()
    .default(null)
    .describe('The whole value of the header Authorization.'),
  secret: secretText().nullable().default(null).describe('What the body is signed with.'),
  sign: z
    .enum(SIGNATURE_FORMS)
    .default('wandb')
    .describe(
      'The form of the signature: X-Wandb-Signature (base64), X-Databricks-Signature (hex), Standard Webhooks.',
    ),
  enable_ssl_verification: z
    .boolean()
    .default(true)
    .describe("Whether the server's certificate must be valid."),
  registry_webhook: registryWebhook,
})

type Settings = z.infer<typeof settings>

const GUIDE = `Sends one HTTP request with a JSON body to your own service. Its settings are those of W&B's and of
Databricks' own webhooks, so that one of theirs can move here: \`url\`, \`access_token\` and \`secret\` from W&B;
\`url\`, \`authorization\`, \`secret\` with \`sign: databricks\` and \`enable_ssl_verification\` from Databricks.

The service must answer with a 2xx status within 15 seconds: that counts as done. Each request carries
\`X-Model-Dispatch-Delivery\`, the same at every attempt. An attempt without an answer is repeated, so a service that
must not act twice keeps the last ids.

With \`secret\` the body is signed: recompute the HMAC-SHA256 over the raw bytes that arrived, before parsing them, and
compare in constant time. With \`sign: standard\` any library of [Standard Webhooks](https://www.standardwebhooks.com/)
verifies it.

The address must be public and https. For a service inside the network the operator of the receiver opens its address
with \`OUTBOUND_ALLOW_CIDRS\`. Redirects are not followed.
`

/** Sends a signed JSON body to a user's own service. */
export const webhook = httpDestination<Settings>({
  type: 'webhook',
  title: 'Webhook',
  order: 'none',
  settings,
  example: {
    type: 'webhook',
    url: 'https://deploy.example.com/models/${artifact_collection_name}',
    method: 'POST',
    headers: { 'x-environment': 'production' },
    body: { model: '${artifact_version_string}', accuracy: '${event.metadata.accuracy}' },
    format: 'json',
    access_token: '${env:DEPLOY_TOKEN}',
    secret: '${env:DEPLOY_SECRET}',
    sign: 'wandb',
    enable_ssl_verification: true,
  },
  guide: GUIDE,
  address: ({ url }) => ({ key: 'url', text: url }),
  templates: ({ headers, body }) => ({ ...underHeaders(headers), body }),
  own_secrets: ({ access_token }) => ({ ACCESS_TOKEN: access_token }),
  check: (given) => [
    ...checkAuthorization(given),
    ...checkRegistryWebhook(given),
    ...checkHeaderNames(given),
  ],
  policy: { concurrency: 4, interval_ms: 0 },
  verify_tls: ({ enable_ssl_verification }) => enable_ssl_verification,
  request: (input) => ({
    method: input.settings.method,
    url: input.url,
    body: bodyOf(input),
    headers: (body, now) => headersOf(input, body, now),
  }),
  answers: [],
})

function bodyOf(input: HttpInput<Settings>): JsonObject {
  const { settings: given, event, values, flat } = input
  if (given.registry_webhook !== null) return registryWebhookBody(event, flat, given.registry_webhook)
  const own = given.body === null ? event : values.json(given.body, { path: 'body' })
  const data = own as unknown as JsonObject
  return given.format === 'cloudevents' ? cloudEvent(input, data) : data
}

function headersOf({ settings: given, delivery_id, values }: HttpInput<Settings>, body: string, now: number) {
  const { access_token, authorization, secret, sign, format, headers } = given
  const text = (key: string, value: string) => values.text(value, { path: key })
  return {
    'content-type': format === 'cloudevents' ? CLOUD_EVENT_TYPE : 'application/json; charset=utf-8',
    'user-agent': `model-dispatch/${VERSION}`,
    'x-model-dispatch-delivery': delivery_id,
    ...(access_token === null ? {} : { authorization: `Bearer ${text('access_token', access_token)}` }),
    ...(authorization === null ? {} : { authorization: text('authorization', authorization) }),
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), text(`headers.${name}`, value)]),
    ),
    ...(secret === null
      ? {}
      : signatureHeaders(sign, { secret: text('secret', secret), id: delivery_id, now, body })),
  }
}

function underHeaders(headers: Settings['headers']): Record<string, Json> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [`headers.${name}`, value]))
}

function checkAuthorization({ access_token, authorization }: Settings): SettingsProblem[] {
  if (access_token === null || authorization === null) return []
  const message = 'contradicts access_token: both are the header Authorization'
  return problemAt('authorization', { message, fix: 'Keep one of the two.' })
}

function checkRegistryWebhook({ registry_webhook, body, format }: Settings): SettingsProblem[] {
  if (registry_webhook === null || (body === null && format === 'json')) return []
  const message = 'contradicts `body` or `format`: Databricks decides what the body is'
  return problemAt('registry_webhook', { message, fix: 'Keep one of the two.' })
}

/** The headers that the request itself decides, or another key says. */
const TAKEN = new Map([
  ['authorization', 'Use the key `authorization` or `access_token`.'],
  ...['x-model-dispatch-delivery', 'user-agent'].map((name) => [name, 'It is always sent.'] as const),
  ...[
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    'keep-alive',
    'upgrade',
    'te',
    'trailer',
  ].map((name) => [name, 'It follows from `url` and `body`.'] as const),
  ...['expect', 'proxy-authorization', 'proxy-connection'].map((name) => [name, 'Leave it out.'] as const),
  ...[
    'x-wandb-signature',
    'x-databricks-signature',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ].map((name) => [name, 'Set `secret` and `sign`: the body is then signed.'] as const),
])

function checkHeaderNames({ headers }: Settings): SettingsProblem[] {
  const names = Object.keys(headers)
  return names.flatMap((name, index): SettingsProblem[] => {
    const path = ['headers', name]
    const fix = TAKEN.get(name.toLowerCase())
    if (fix !== undefined) return [{ path, message: 'cannot be set here', fix }]
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      return [{ path, message: 'is not the name of a header', fix: 'Write letters, digits and hyphens.' }]
    const twice = names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) !== index
    return twice ? [{ path, message: 'is there twice', fix: 'Keep one of the two.' }] : []
  })
}
