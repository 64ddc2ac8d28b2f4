import { z } from 'zod'
import {
  checkEventType,
  ClientPayloadError,
  completeClientPayload,
  encodeClientPayload,
  LIMITS,
} from '../../src/contract/client-payload.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { GITHUB_ANSWERS } from '../github/answers.ts'
import type { GitHubConnection } from '../github/connection.ts'
import { laneOf, lanePolicy } from '../github/lanes.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import { redact } from '../secrets/redact.ts'
import { compileTemplate, renderString, TemplateError, type TemplateScope } from '../templates/template.ts'
import { checkTemplates, problemAt } from './check-templates.ts'
import {
  RenderError,
  type CheckContext,
  type ConnectContext,
  type DeliveryInput,
  type DestinationType,
  type Sender,
  type SettingsProblem,
  type TargetInput,
} from './destination.ts'
import {
  renderRepository,
  repositoryParts,
  repositoryProblem,
  requireAllowed,
  type Repository,
} from './github-repository.ts'

const json: z.ZodType<Json> = z.json()
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)

const settings = z.strictObject({
  type: z.literal('repository_dispatch'),
  connection: z.string().min(1).default('main').describe('The GitHub connection to send with.'),
  repository: z.string().min(3).describe('owner/name. The name may be a template, the owner never.'),
  event_type: z
    .string()
    .min(1)
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
  connect: createSender,
}

function checkRepository({ connection, repository }: Settings, { connections }: CheckContext) {
  const known = connections.get(connection)
  if (known !== undefined)
    return problemAt('repository', repositoryProblem(repository, known.repositories, connection))
  const names = [...connections.keys()].join(', ') || 'none: set GITHUB_TOKEN or GITHUB_APP_ID'
  const message = `there is no GitHub connection ${connection}. Configured: ${names}`
  return problemAt('connection', { message, fix: `Name one of them, or configure github.${connection}.` })
}

function checkTexts({ repository, event_type, client_payload }: Settings): SettingsProblem[] {
  return checkTemplates({ repository, event_type, client_payload }, refusedSecret)
}

function refusedSecret(name: string): Problem {
  const message = `\${${name}} names a secret, and secrets are refused in what goes to GitHub: the logs of workflow runs show it`
  return { message, fix: "Keep it in the repository's own Actions secrets." }
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
  const size = byteLength(parameters)
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
  const size = byteLength(client_payload)
  const isLiteral = !JSON.stringify(client_payload).includes('${')
  if (!isLiteral || size <= LIMITS.payload_bytes) return []
  const message = `it takes ${size} bytes, and at most ${LIMITS.payload_bytes} can be sent`
  return problemAt('client_payload', { message, fix: 'Shorten it.' })
}

function byteLength(value: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** `render` touches no network; `target` asks in the background who is behind a token where that isn't known yet. */
function createSender({ connections, github, public_url }: ConnectContext): Sender<Settings> {
  const loginOf = (connection: GitHubConnection) => github.login(connection)
  return {
    target(input) {
      const { connection, owner, repo } = placeOf(input, connections)
      requireAllowed({ owner, repo }, connection)
      const lane = laneOf(connection, owner, loginOf(connection))
      return {
        target: `${owner}/${repo}`,
        listener: `${connection.api_url} ${input.settings.event_type ?? ''}`,
        lane,
        policy: lanePolicy(lane, connections.values(), loginOf),
      }
    },
    render(input) {
      const { connection, owner, repo } = placeOf(input, connections)
      return {
        method: 'POST',
        url: github.dispatchUrl(connection, owner, repo),
        body: masked(renderBody(input, public_url)),
      }
    },
    async send(input, signal) {
      try {
        const { connection, owner, repo } = placeOf(input, connections)
        // Where no list was written, the revision that the event was accepted under is the permission.
        if (connection.listed) requireAllowed({ owner, repo }, connection)
        return await github.dispatch(connection, { owner, repo, ...renderBody(input, public_url) }, signal)
      } catch (error) {
        if (error instanceof RenderError) return unsendable(error, input)
        throw error
      }
    },
  }
}

/** The connection is not in the configuration now. A delivery that was accepted for it waits until it is back. */
class ConnectionGone extends RenderError {}

/** @throws RenderError */
function placeOf(
  input: TargetInput<Settings>,
  connections: ReadonlyMap<string, GitHubConnection>,
): Repository & { connection: GitHubConnection } {
  const { connection: name, repository } = input.settings
  const connection = connections.get(name)
  if (connection === undefined) {
    throw new ConnectionGone(
      `There is no GitHub connection ${name} any more.`,
      `Configure \`github.${name}\` again, and its deliveries go on by themselves; or cancel them, name another \`connection\` in the destination, and replay the event.`,
    )
  }
  return { connection, ...rendering(() => renderRepository(repository, scopeOf(input))) }
}

/** @throws RenderError */
function renderBody(input: Input, public_url: string | null): Body {
  return rendering(() => ({
    event_type: checkEventType(renderEventType(input)),
    client_payload: renderPayload(input, public_url),
  }))
}

function renderEventType(input: Input): string {
  const { event_type } = input.settings
  if (event_type === null) return input.dispatch_type ?? input.event.type
  return renderString(compileTemplate(event_type, { path: 'event_type' }), scopeOf(input))
}

function renderPayload(input: Input, public_url: string | null): JsonObject {
  const { client_payload, model_event, parameters } = input.settings
  const { delivery_id, automation, subject_key, dedupe_key, event, flat } = input
  const delivery_url = public_url === null ? null : `${public_url}/api/v1/deliveries/${delivery_id}`
  const envelope = { delivery_id, delivery_url, automation, parameters, subject_key, dedupe_key }
  if (client_payload === null) return encodeClientPayload(event, flat, envelope)
  const own = compileTemplate(client_payload, { path: 'client_payload' }).render(scopeOf(input))
  return completeClientPayload(own as JsonObject, event, envelope, { model_event })
}

function scopeOf({ event, flat, automation }: TargetInput): TemplateScope {
  return { event, flat, automation }
}

/** Turns whatever keeps an event from becoming a request into a `RenderError`. */
function rendering<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ClientPayloadError || error instanceof TemplateError)
      throw new RenderError(error.message, error.fix)
    throw error
  }
}

function unsendable(error: RenderError, { settings: { repository } }: Input): AttemptResult {
  return {
    class: error instanceof ConnectionGone ? 'credentials' : 'permanent',
    status: null,
    message: redact(error.message, []),
    fix: error.fix,
    request: { method: 'POST', url: repository, body: '' },
    response: null,
    retry_after_ms: null,
  }
}

/** Tokens that an event carries are not shown to people. */
function masked({ event_type, client_payload }: Body): JsonObject {
  return JSON.parse(redact(JSON.stringify({ event_type, client_payload }), [])) as JsonObject
}
