import { z } from 'zod'
import {
  checkEventType,
  ClientPayloadError,
  completeClientPayload,
  LIMITS,
} from '../../src/contract/client-payload.ts'
import { jsonBytes } from '../../src/contract/payload-budget.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { GITHUB_ANSWERS } from '../github/answers.ts'
import { compileTemplate, renderString } from '../templates/template.ts'
import { visibleText } from '../templates/visible.ts'
import { checkTemplates, problemAt } from './check-templates.ts'
import type { DeliveryInput, DestinationType, SettingsProblem } from './destination.ts'
import {
  checkRepository,
  defaultPayload,
  envelopeOf,
  githubSender,
  leftOut,
  refusedSecret,
  scopeOf,
} from './github-destination.ts'
import { repositoryParts } from './github-repository.ts'

const json: z.ZodType<Json> = z.json()
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)

const settings = z.strictObject({
  type: z.literal('repository_dispatch'),
  connection: z.string().min(1).default('main').describe('The GitHub connection to send with.'),
  repository: visibleText().min(3).describe('owner/name. The name may be a template, the owner never.'),
  event_type: visibleText()
    .nullable()
    .default(null)
    .describe("What the workflow's `types` name. Default: the body's own, else the registry's event."),
  client_payload: jsonObject
    .nullable()
    .default(null)
    .describe("At most ten keys, each a template. Default: the registry's own fields and model_event."),
  model_event: z.boolean().default(true).describe('Whether model_event is added to your own client_payload.'),
  parameters: jsonObject.default({}).describe('Travels in model_event.parameters: costs no key.'),
})

type Settings = z.infer<typeof settings>
type Input = DeliveryInput<Settings>
type Body = { event_type: string; client_payload: JsonObject }

const GUIDE = `Starts every workflow of a repository that lists the \`event_type\` in \`types\`, under
\`on: repository_dispatch\`.

- The workflow file must be on the repository's default branch.
- The GitHub connection needs _Contents: write_ on the repository, and its \`repositories\` must contain it.
- GitHub answers 204 as soon as it accepts a dispatch. Whether a workflow started shows under _Actions_ of the repository.
- \`concurrency: { group: "\${{ github.event.client_payload.model_event.subject_key }}", queue: max }\` in the workflow keeps
  the runs of one model and alias in order.
`

/** Starts workflows of a repository by GitHub's `POST /repos/{owner}/{repo}/dispatches`. */
export const repositoryDispatch: DestinationType<Settings> = {
  type: 'repository_dispatch',
  title: 'GitHub repository_dispatch',
  order: 'strict',
  settings,
  example: {
    type: 'repository_dispatch',
    connection: 'main',
    repository: 'acme/serving',
    event_type: 'deploy-model',
    client_payload: { model: '${artifact_version_string}', accuracy: '${event.metadata.accuracy}' },
    model_event: true,
    parameters: { region: 'eu' },
  },
  guide: GUIDE,
  answers: GITHUB_ANSWERS,
  check: (given, context) => [
    ...checkRepository(given, context),
    ...checkTexts(given),
    ...checkEventTypeSetting(given.event_type),
    ...checkPayload(given),
  ],
  repository: ({ connection, repository }) => ({ connection, ...repositoryParts(repository) }),
  connect: (context) =>
    githubSender<Settings, Body>(context, {
      label: () => '',
      listener: ({ event_type }, dispatch_type) => event_type ?? dispatch_type ?? '',
      url: (github, { connection, owner, repo }) => github.dispatchUrl(connection, owner, repo),
      body: renderBody,
      note: ({ settings: { client_payload } }, body) =>
        client_payload === null ? leftOut(body.client_payload) : '',
      workflow: () => null,
      send: (github, { connection, owner, repo }, body, signal) =>
        github.dispatch(connection, { owner, repo, ...body }, signal),
    }),
}

function checkTexts({ repository, event_type, client_payload }: Settings): SettingsProblem[] {
  return checkTemplates({ repository, event_type, client_payload }, refusedSecret)
}

function checkEventTypeSetting(event_type: string | null): SettingsProblem[] {
  if (event_type === null || event_type.includes('${')) return []
  try {
    checkEventType(event_type)
    return []
  } catch (error) {
    if (error instanceof ClientPayloadError) return problemAt('event_type', error)
    throw error
  }
}

function checkPayload({ client_payload, model_event, parameters }: Settings): SettingsProblem[] {
  const carriesEvent = client_payload === null || model_event
  return [...(carriesEvent ? checkParameters(parameters) : []), ...checkOwnPayload(client_payload ?? {})]
}

function checkParameters(parameters: JsonObject): SettingsProblem[] {
  const size = jsonBytes(parameters)
  const most = LIMITS.payload_bytes / 2
  if (size <= most) return []
  const fix = `Keep them under ${most}: the event needs the rest.`
  return problemAt('parameters', { message: `they take ${size} bytes`, fix })
}

function checkOwnPayload(client_payload: JsonObject): SettingsProblem[] {
  const keys = Object.keys(client_payload).length
  if (keys > LIMITS.top_level_keys) {
    const message = `it has ${keys} keys, and GitHub takes at most ${LIMITS.top_level_keys}`
    return problemAt('client_payload', { message, fix: 'Put several values into an object under one key.' })
  }
  const size = jsonBytes(client_payload)
  const isLiteral = !JSON.stringify(client_payload).includes('${')
  if (!isLiteral || size <= LIMITS.payload_bytes) return []
  const message = `it takes ${size} bytes, and at most ${LIMITS.payload_bytes} can be sent`
  return problemAt('client_payload', { message, fix: 'Shorten it.' })
}

function renderBody(input: Input, public_url: string | null): Body {
  return {
    event_type: checkEventType(renderEventType(input)),
    client_payload: renderPayload(input, public_url),
  }
}

function renderEventType(input: Input): string {
  const { event_type } = input.settings
  if (event_type === null) return input.dispatch_type ?? input.event.type
  return renderString(compileTemplate(event_type, { path: 'event_type' }), scopeOf(input))
}

function renderPayload(input: Input, public_url: string | null): JsonObject {
  const { client_payload, model_event } = input.settings
  const envelope = envelopeOf(input, public_url)
  if (client_payload === null) return defaultPayload(input, envelope)
  const own = compileTemplate(client_payload, { path: 'client_payload' }).render(scopeOf(input))
  return completeClientPayload(own as JsonObject, input.event, envelope, { model_event })
}
