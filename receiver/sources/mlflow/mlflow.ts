/**
 * Webhooks of a self-hosted MLflow server, 3.3 or later, with a database-backed store.
 * https://mlflow.org/docs/latest/ml/webhooks/
 */
import { objectOf } from '../../../src/contract/clean-json.ts'
import type { Json } from '../../../src/contract/model-event.ts'
import { canonicalHash, sha256Hex, type Identity } from '../identity.ts'
import { signMessage, staleness, verifySigned } from '../signed-message.ts'
import {
  sourceType,
  statedEvent,
  type Credentials,
  type SentSignature,
  type SourceEvent,
  type Verification,
  type WebhookRequest,
} from '../source.ts'
import { decodeMlflowBody } from './body.ts'
import { MLFLOW_EVENTS } from './events.ts'
import { mlflowLookup } from './lookup.ts'
import { MLFLOW_SAMPLES } from './samples.ts'

/** How long a delivery id is remembered, in ms. */
const REPEAT_WINDOW_MS = 72 * 60 * 60 * 1000

/** How far a signed timestamp may lie from now, in seconds: the tolerance of MLflow's own example. */
const TOLERANCE_S = 300

const SETUP = `An admin of the MLflow server does this once.

1. Start the server with a database (\`--backend-store-uri sqlite:///…\`, \`postgresql://…\`): without one, MLflow sends
   nothing. Set \`MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY\`, or webhooks are lost at the next restart; where this receiver
   has a private address, set \`MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS=true\` as well.
2. Create the webhook:

\`\`\`sh
curl -X POST "$MLFLOW_TRACKING_URI/api/2.0/mlflow/webhooks" -H 'Content-Type: application/json' -d '{
    "name": "model-dispatch",
    "url": "{url}",
    "secret": "one of the secrets of this source",
    "events": [
      {"entity": "MODEL_VERSION", "action": "CREATED"},
      {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"},
      {"entity": "MODEL_VERSION_ALIAS", "action": "DELETED"}
    ]
  }'
\`\`\`

A webhook tells of every model: what an automation shall act on is said in its \`filter\`. MLflow keeps a new secret from
its workers for up to 60 s, so list the old and the new one in \`secrets\` while it changes.
`

/** MLflow's registry as a source. */
export const mlflow = sourceType({
  type: 'mlflow',
  title: 'MLflow',
  settings: {},
  credentials: ['secrets'],
  signature_headers: ['x-mlflow-signature'],
  events: MLFLOW_EVENTS,
  connect: ({ credentials, dedupe_ms }) => ({
    verify: (request) => verify(request, credentials),
    parse: (body, request) => [parse(body, request, dedupe_ms ?? REPEAT_WINDOW_MS)],
    sign: (body, now) => sign(body, credentials, now),
  }),
  lookup: mlflowLookup,
  samples: MLFLOW_SAMPLES,
  setup: SETUP,
})

/**
 * The signature is `v1,` and the base64 HMAC-SHA256 of `{delivery id}.{timestamp}.{body}` under the secret as it is.
 * MLflow signs once for all retries of a delivery: a retry keeps its first timestamp.
 * https://github.com/mlflow/mlflow/blob/master/mlflow/webhooks/delivery.py
 */
function verify({ body, headers, now }: WebhookRequest, { secrets }: Credentials): Verification {
  const id = headers['x-mlflow-delivery-id'] ?? ''
  const timestamp = headers['x-mlflow-timestamp'] ?? ''
  const header = headers['x-mlflow-signature']
  const verified = verifySigned({
    content: [`${id}.${timestamp}.`, body],
    name: 'X-MLflow-Signature',
    signatures: header === undefined ? [] : [header.trim()],
    prefix: 'v1,',
    keys: secrets,
  })
  return verified.ok ? { ...verified, ...staleness(timestamp, now, TOLERANCE_S) } : verified
}

function sign(body: Buffer, { secrets }: Credentials, now: number): SentSignature {
  const { id, timestamp, signature } = signMessage(body, secrets[0] ?? '', now)
  return {
    headers: { 'X-MLflow-Signature': signature, 'X-MLflow-Delivery-Id': id, 'X-MLflow-Timestamp': timestamp },
  }
}

function parse(value: Json, request: WebhookRequest, window_ms: number): SourceEvent {
  const { event, hint, flat } = decodeMlflowBody(objectOf(value), statedEvent(request))
  const { entity = null, name = null, type = null } = event.model ?? {}
  return {
    event,
    identity: identityOf(request, window_ms),
    home: name === null ? null : canonicalHash([type, entity, name]),
    hint,
    dispatch_type: null,
    flat,
  }
}

/** The delivery id, which all retries of a delivery share; without one, the body. */
function identityOf({ headers, body }: WebhookRequest, window_ms: number): Identity {
  const id = headers['x-mlflow-delivery-id']
  const body_hash = id === undefined || id === '' ? sha256Hex(body) : null
  const key = body_hash ?? `id:${sha256Hex(id ?? '')}`
  return { rule: 'delivery', key, value: key, window_ms, body_hash }
}
