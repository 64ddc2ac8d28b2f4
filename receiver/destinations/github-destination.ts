import {
  ClientPayloadError,
  completeClientPayload,
  encodeClientPayload,
  type Envelope,
} from '../../src/contract/client-payload.ts'
import type { Budget } from '../../src/contract/payload-budget.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { GitHub } from '../github/dispatch.ts'
import { laneOf, lanePolicy } from '../github/lanes.ts'
import type { Repository } from '../github/repository.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import { redact } from '../secrets/redact.ts'
import { TemplateError, type TemplateScope } from '../templates/template.ts'
import { problemAt } from './check-templates.ts'
import {
  RenderError,
  type CheckContext,
  type ConnectContext,
  type DeliveryInput,
  type Sender,
  type SettingsProblem,
  type TargetInput,
} from './destination.ts'
import { renderRepository, repositoryProblem, requireAllowed } from './github-repository.ts'

/** The settings that every destination on GitHub has. */
export interface GitHubSettings {
  connection: string
  repository: string
}

/** A repository with the connection that reaches it. */
export interface GitHubPlace extends Repository {
  connection: GitHubConnection
}

/** Where a request goes, with the settings that it is made from. */
export interface Addressed<S> extends GitHubPlace {
  settings: S
}

/** The differences between destinations on GitHub. `B` is the body that is sent. */
export interface GitHubDispatch<S, B> {
  /** Names the target for people, after the repository: ` deploy.yml`; empty for the repository alone. */
  label: (settings: S) => string
  /**
   * Who listens there, among all that this kind of destination reaches at the API address. `dispatch_type` is the body's
   * own GitHub event type.
   */
  listener: (settings: S, dispatch_type: string | null) => string
  url: (github: GitHub, place: Addressed<S>) => string
  /** Makes the body. A `ClientPayloadError` or `TemplateError` becomes a `RenderError`. */
  body: (input: DeliveryInput<S>, public_url: string | null) => B
  /** Returns what people should know of a body that was sent; empty for nothing. */
  note?: (input: DeliveryInput<S>, body: B) => string
  send: (github: GitHub, place: Addressed<S>, body: B, signal: AbortSignal) => Promise<AttemptResult>
  /** The workflow that is started; null for a `repository_dispatch`. */
  workflow: (settings: S) => string | null
}

/**
 * Returns a sender of requests to a repository by one of the configured connections. `render` touches no network;
 * `target` asks in the background who is behind a token where that isn't known yet.
 */
export function githubSender<S extends GitHubSettings, B extends object>(
  { connections, github, public_url }: ConnectContext,
  dispatch: GitHubDispatch<S, B>,
): Sender<S> {
  const loginOf = (connection: GitHubConnection) => github.login(connection)
  const bodyOf = (input: DeliveryInput<S>) => rendering(() => dispatch.body(input, public_url))
  return {
    target(input) {
      const { connection, owner, repo } = placeOf(input, connections)
      requireAllowed({ owner, repo }, connection)
      const lane = laneOf(connection, owner, loginOf(connection))
      return {
        target: `${owner}/${repo}${dispatch.label(input.settings)}`,
        listener: `${connection.api_url} ${dispatch.listener(input.settings, input.dispatch_type)}`,
        lane,
        policy: lanePolicy(lane, connections.values(), loginOf),
      }
    },
    render(input) {
      const place = placeOf(input, connections)
      return {
        method: 'POST',
        url: dispatch.url(github, { ...place, settings: input.settings }),
        body: masked(bodyOf(input)),
      }
    },
    async access(input, signal) {
      try {
        const { connection, owner, repo } = placeOf(input, connections)
        const workflow = dispatch.workflow(input.settings)
        return await github.access(connection, { owner, repo, workflow }, signal)
      } catch (error) {
        if (error instanceof RenderError)
          return { allowed: false, status: null, message: error.message, fix: error.fix }
        throw error
      }
    },
    async send(input, signal) {
      try {
        const place = placeOf(input, connections)
        // Where no list was written, the revision that the event was accepted under is the permission.
        if (place.connection.listed) requireAllowed(place, place.connection)
        const body = bodyOf(input)
        const result = await dispatch.send(github, { ...place, settings: input.settings }, body, signal)
        return noted(result, dispatch.note?.(input, body) ?? '')
      } catch (error) {
        if (error instanceof RenderError) return unsendable(error, input.settings)
        throw error
      }
    },
  }
}

/** Returns what is wrong with the connection and the repository of a destination on GitHub. */
export function checkRepository(
  { connection, repository }: GitHubSettings,
  { connections }: CheckContext,
): SettingsProblem[] {
  const known = connections.get(connection)
  if (known !== undefined)
    return problemAt('repository', repositoryProblem(repository, known.repositories, connection))
  const names = [...connections.keys()].join(', ') || 'none: set GITHUB_TOKEN or GITHUB_APP_ID'
  const message = `there is no GitHub connection ${connection}. Configured: ${names}`
  return problemAt('connection', { message, fix: `Name one of them, or configure github.${connection}.` })
}

/** Returns why a named secret cannot be used in what goes to GitHub. */
export function refusedSecret(name: string): Problem {
  const message = `\${${name}} names a secret, and secrets are refused in what goes to GitHub: the logs of workflow runs show it`
  return { message, fix: "Keep it in the repository's own Actions secrets." }
}

/** Returns what travels in `model_event` beside the event itself. */
export function envelopeOf(
  input: DeliveryInput<{ parameters: JsonObject }>,
  public_url: string | null,
): Envelope {
  const { delivery_id, automation, subject_key, dedupe_key, settings } = input
  const delivery_url = public_url === null ? null : `${public_url}/api/v1/deliveries/${delivery_id}`
  return { delivery_id, delivery_url, automation, parameters: settings.parameters, subject_key, dedupe_key }
}

/**
 * Returns the `client_payload` of a destination that has none of its own: the sender's, with `model_event` where that
 * fits, or the one of {@link encodeClientPayload}.
 * @throws ClientPayloadError
 */
export function defaultPayload(input: DeliveryInput, envelope: Envelope, budget?: Budget): JsonObject {
  const { event, flat, client_payload: own } = input
  return own === null
    ? encodeClientPayload(event, flat, envelope, budget)
    : completeClientPayload(own, event, envelope, { model_event: true, ...(budget ? { budget } : {}) })
}

/** Returns what to say of a `client_payload` that `model_event` was to join; empty where it did. */
export function leftOut(client_payload: JsonObject): string {
  if (Object.hasOwn(client_payload, 'model_event')) return ''
  return "model_event is not in the client_payload: the sender's own left no key or no room for it."
}

/** A note stands where a success has nothing to say. */
function noted(result: AttemptResult, note: string): AttemptResult {
  if (result.class !== 'success' || note === '') return result
  return { ...result, message: [result.message, note].filter((text) => text !== '').join(' ') }
}

/** Returns what the templates of a destination on GitHub are filled from. */
export function scopeOf({ event, flat, automation }: TargetInput): TemplateScope {
  return { event, flat, automation }
}

/** The connection is not in the configuration now. A delivery that was accepted for it waits until it is back. */
class ConnectionGone extends RenderError {}

/** @throws RenderError */
function placeOf(
  input: TargetInput<GitHubSettings>,
  connections: ReadonlyMap<string, GitHubConnection>,
): GitHubPlace {
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

function unsendable(error: RenderError, { repository }: GitHubSettings): AttemptResult {
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
function masked(body: object): JsonObject {
  return JSON.parse(redact(JSON.stringify(body), [])) as JsonObject
}
