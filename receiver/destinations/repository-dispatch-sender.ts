import {
  checkEventType,
  ClientPayloadError,
  completeClientPayload,
  encodeClientPayload,
} from '../../src/contract/client-payload.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import type { GitHub } from '../github/dispatch.ts'
import { laneOf, lanePolicy } from '../github/lanes.ts'
import { redact } from '../secrets/redact.ts'
import { compileTemplate, renderString, TemplateError } from '../templates/template.ts'
import type { TemplateScope } from '../templates/template.ts'
import { RenderError } from './destination.ts'
import type { DeliveryInput, Sender, TargetInput } from './destination.ts'
import { renderRepository } from './github-repository.ts'
import type { Repository } from './github-repository.ts'
import type { RepositoryDispatch } from './repository-dispatch-settings.ts'

type Input = DeliveryInput<RepositoryDispatch>
type Body = { event_type: string; client_payload: JsonObject }

/**
 * Sends `repository_dispatch` events with the given connections. `render` touches no network; `target` and `policy`
 * ask in the background who is behind a token where that isn't known yet (`GitHubHub.resolveIdentity` asks ahead).
 */
export function createRepositoryDispatchSender(
  connections: ReadonlyMap<string, GitHubConnection>,
  { github }: { github: GitHub },
): Sender<RepositoryDispatch> {
  const loginOf = (connection: GitHubConnection) => github.login(connection)
  return {
    target(input) {
      const { connection, owner, repo } = place(input, connections)
      return {
        target: `${owner}/${repo}`,
        listener: `${connection.api_url} ${input.settings.event_type ?? ''}`,
        lane: laneOf(connection, owner, loginOf(connection)),
      }
    },
    policy: (lane) => lanePolicy(lane, connections.values(), loginOf),
    render(input) {
      const { connection, owner, repo } = place(input, connections)
      return {
        method: 'POST',
        url: github.dispatchUrl(connection, owner, repo),
        body: masked(renderBody(input)),
      }
    },
    async send(input, signal) {
      try {
        const { connection, owner, repo } = place(input, connections)
        return await github.dispatch(connection, { owner, repo, ...renderBody(input) }, signal)
      } catch (error) {
        if (error instanceof RenderError) return unsendable(error, input)
        throw error
      }
    },
  }
}

function place(
  input: TargetInput<RepositoryDispatch>,
  connections: ReadonlyMap<string, GitHubConnection>,
): Repository & { connection: GitHubConnection } {
  const { connection: name, repository } = input.settings
  const connection = connections.get(name)
  if (connection === undefined) {
    throw new RenderError(
      `There is no GitHub connection ${name} any more.`,
      `Configure \`github.${name}\`, or name another \`connection\` in the destination, then redeliver.`,
    )
  }
  return { connection, ...rendering(() => renderRepository(repository, scopeOf(input), connection)) }
}

/** @throws RenderError */
function renderBody(input: Input): Body {
  return rendering(() => ({
    event_type: checkEventType(renderEventType(input)),
    client_payload: renderPayload(input),
  }))
}

function renderEventType(input: Input): string {
  const { event_type } = input.settings
  if (event_type === null) return input.dispatch_type ?? input.event.type
  return renderString(compileTemplate(event_type, { path: 'event_type' }), scopeOf(input))
}

function renderPayload(input: Input): JsonObject {
  const { client_payload, model_event, parameters } = input.settings
  const { delivery_id, automation, subject_key, dedupe_key, event, flat } = input
  const envelope = { delivery_id, automation, parameters, subject_key, dedupe_key }
  if (client_payload === null) return encodeClientPayload(event, flat, envelope)
  const own = compileTemplate(client_payload, { path: 'client_payload' }).render(scopeOf(input))
  return completeClientPayload(own as JsonObject, event, envelope, { model_event })
}

function scopeOf({ event, flat, automation }: TargetInput): TemplateScope {
  return { event, flat, automation }
}

/** Whatever keeps an event from becoming a request is a `RenderError`. */
function rendering<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ClientPayloadError || error instanceof TemplateError)
      throw new RenderError(error.message, error.fix)
    throw error
  }
}

function unsendable({ message, fix }: RenderError, { settings }: Input): AttemptResult {
  return {
    class: 'permanent',
    status: null,
    message: redact(message, []),
    fix,
    request: { method: 'POST', url: settings.repository, body: '' },
    response: null,
    retry_after_ms: null,
  }
}

/** Tokens that an event carries are not shown to people. */
function masked({ event_type, client_payload }: Body): JsonObject {
  return JSON.parse(redact(JSON.stringify({ event_type, client_payload }), [])) as JsonObject
}
