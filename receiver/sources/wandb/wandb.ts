/**
 * Weights & Biases webhook automations.
 * https://docs.wandb.ai/guides/core/automations/create-automations/webhook
 */
import { isObject } from '../../../src/contract/clean-json.ts'
import { unfitKeys } from '../../../src/contract/client-payload.ts'
import type { DecodedEvent, Json } from '../../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../../src/contract/wandb/body.ts'
import { WANDB_EVENTS } from '../../../src/contract/wandb/events.ts'
import { canonicalHash, sha256Hex } from '../identity.ts'
import { allOf, hmacSha256, verifyBearer, verifyHmac } from '../signature.ts'
import {
  sourceType,
  statedEvent,
  type Credentials,
  type SourceEvent,
  type Verification,
  type WebhookRequest,
} from '../source.ts'
import { wandbLookup } from './lookup.ts'
import { WANDB_SAMPLES } from './samples.ts'

/** W&B sends no delivery id, and the same change made again is a new event: only an immediate repeat is the same. */
const REPEAT_WINDOW_MS = 10_000

const SETUP = `A team admin does the first two steps.

1. _Team settings > Secrets_: add the signing secret and, if the source has one, the access token. Make them up, for
   example with \`openssl rand -hex 32\`; they are the values of the source's \`secrets\` and \`access_token\`.
2. _Team settings > Webhooks > New webhook_: the URL is \`{url}\`. Choose the two under _Secret_ and _Access token_.
3. In the registry or project, _Automations > Create automation_: choose the event, then the webhook, and paste this
   payload:

\`\`\`json
{
  "event_type": "\${event_type}",
  "event_author": "\${event_author}",
  "alias": "\${alias}",
  "tag": "\${tag}",
  "artifact_version": "\${artifact_version}",
  "artifact_version_string": "\${artifact_version_string}",
  "artifact_version_index": "\${artifact_version_index}",
  "artifact_collection_name": "\${artifact_collection_name}",
  "project_name": "\${project_name}",
  "entity_name": "\${entity_name}"
}
\`\`\`

- **Metadata**: add a line for each key, such as
  \`"artifact_metadata.accuracy": "\${artifact_metadata.accuracy}"\`.
- **Runs**: add \`run_name\`, \`run_status\`, \`metric_name\` and \`metric_values\` in the same way.
- **A payload that was made for GitHub** (\`event_type\` beside \`client_payload\`) works too. Add
  \`"wandb_event_type": "\${event_type}"\` and \`"alias": "\${alias}"\` to its \`client_payload\`, so that linking and
  promoting can be told apart. It reaches GitHub unchanged, and \`model_event\` joins it. Where the webhook itself has to
  stay as it is, change [its host and its token alone](../drop-in.md).
- **Tests**: W&B's _Test_ button and its script deploy nothing where the URL ends in \`?dry_run=true\`. The answer says what
  would be sent.
`

/** W&B as a source. */
export const wandb = sourceType({
  type: 'wandb',
  title: 'Weights & Biases',
  settings: {},
  credentials: ['secrets', 'access_token'],
  signature_headers: ['x-wandb-signature'],
  events: WANDB_EVENTS,
  connect: ({ credentials, dedupe_ms }) => ({
    verify: (request) => verify(request, credentials),
    parse: (body, request) => [parse(body, request, dedupe_ms ?? REPEAT_WINDOW_MS)],
    sign: (body) => ({
      headers: { 'X-Wandb-Signature': hmacSha256(credentials.secrets[0] ?? '', body).toString('base64') },
    }),
  }),
  lookup: wandbLookup,
  samples: WANDB_SAMPLES,
  setup: SETUP,
})

/**
 * Checks signature and token. The signature comes as base64 in W&B's own script (webhook_test.sh); receivers in the
 * field expect hex.
 */
function verify({ body, headers }: WebhookRequest, { secrets, access_token }: Credentials): Verification {
  return allOf([
    verifyHmac({ body, name: 'X-Wandb-Signature', header: headers['x-wandb-signature'], secrets }),
    verifyBearer(headers['authorization'], access_token),
  ])
}

function parse(body: Json, request: WebhookRequest, window_ms: number): SourceEvent {
  const stated = statedEvent(request)
  const { hint, ...decoded } = decodeWandbBody(isObject(body) ? body : {}, stated)
  const { event, dispatch_type, client_payload, flat } = decoded
  const unfit = client_payload === null ? null : unfitKeys(client_payload)
  const hints = [hint, unfit].filter((text) => text !== null).join(' ') || null
  const home = homeOf(event)
  const value = sha256Hex(request.body)
  const identity = { rule: 'last', key: home, value, window_ms, body_hash: value } as const
  return { event, identity, home, hint: hints, dispatch_type, client_payload, flat }
}

/** Returns what the body is about: the model, or the run. All bodies that name neither are about the same. */
function homeOf({ model, run }: DecodedEvent): string {
  if (model === null) return canonicalHash([run?.['name'] ?? null])
  return canonicalHash([model.entity, model.project, model.name ?? model.id])
}
