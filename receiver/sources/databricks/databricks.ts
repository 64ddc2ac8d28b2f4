/**
 * Databricks Workspace Model Registry webhooks.
 * https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks
 */
import { isObject } from '../../../src/contract/clean-json.ts'
import { decodeDatabricksBody } from '../../../src/contract/databricks/body.ts'
import { DATABRICKS_EVENTS } from '../../../src/contract/databricks/events.ts'
import type { Json } from '../../../src/contract/model-event.ts'
import { canonicalHash } from '../identity.ts'
import { allOf, hmacSha256, verifyAuthorization, verifyHmac } from '../signature.ts'
import {
  sourceType,
  statedEvent,
  type Credentials,
  type SourceEvent,
  type Verification,
  type WebhookRequest,
} from '../source.ts'
import { REPEAT_WINDOW_MS, databricksIdentity } from './identity.ts'
import { DATABRICKS_SAMPLES } from './samples.ts'

const SETUP = `Create a registry webhook in the workspace. Without \`model_name\` it is for every model of the workspace, which takes a
workspace admin.

\`\`\`sh
curl -X POST -H "Authorization: Bearer $DATABRICKS_TOKEN" \\
  "https://WORKSPACE/api/2.0/mlflow/registry-webhooks/create" -d '{
    "model_name": "MODEL",
    "events": ["MODEL_VERSION_TRANSITIONED_STAGE", "MODEL_VERSION_CREATED"],
    "description": "Model Dispatch",
    "status": "ACTIVE",
    "http_url_spec": {
      "url": "{url}",
      "secret": "one of the secrets of this source"
    }
  }'
\`\`\`

If the source has an \`authorization\`, add it to \`http_url_spec\` as \`"authorization"\`, character for character.

To test, create it with the URL \`{url}?dry_run=true\` first and call \`registry-webhooks/test\` with its \`id\`: the answer
says what would be sent, and nothing is. \`registry-webhooks/update\` then sets the URL without it.
`

/** Databricks' workspace registry as a source. */
export const databricks = sourceType({
  type: 'databricks',
  title: 'Databricks Workspace Model Registry',
  settings: {},
  credentials: ['secrets', 'authorization'],
  signature_headers: ['x-databricks-signature'],
  events: DATABRICKS_EVENTS,
  connect: ({ credentials, dedupe_ms }) => ({
    verify: (request) => verify(request, credentials),
    parse: (body, request) => [parse(body, request, dedupe_ms ?? REPEAT_WINDOW_MS)],
    sign: (body) => ({
      headers: { 'X-Databricks-Signature': hmacSha256(credentials.secrets[0] ?? '', body).toString('hex') },
    }),
  }),
  samples: DATABRICKS_SAMPLES,
  setup: SETUP,
})

function verify({ body, headers }: WebhookRequest, { secrets, authorization }: Credentials): Verification {
  const header = headers['x-databricks-signature']
  return allOf([
    verifyHmac({ body, name: 'X-Databricks-Signature', header, secrets, encodings: ['hex'] }),
    verifyAuthorization(headers['authorization'], authorization),
  ])
}

function parse(value: Json, request: WebhookRequest, window_ms: number): SourceEvent {
  const body = isObject(value) ? value : {}
  const decoded = decodeDatabricksBody(body, statedEvent(request))
  const name = decoded.event.model?.name ?? null
  return {
    ...decoded,
    identity: databricksIdentity(body, decoded.event, { raw: request.body, window_ms }),
    home: name === null ? null : canonicalHash([name]),
    dispatch_type: null,
  }
}
