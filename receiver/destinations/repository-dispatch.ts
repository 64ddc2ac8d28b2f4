import { checkEventType, ClientPayloadError, LIMITS } from '../../src/contract/client-payload.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { compileTemplate, TemplateError } from '../templates/template.ts'
import type { CheckContext, DestinationType, SettingsProblem } from './destination.ts'
import { createRepositoryDispatchSender } from './repository-dispatch-sender.ts'
import { repositoryDispatchSettings } from './repository-dispatch-settings.ts'
import type { RepositoryDispatch } from './repository-dispatch-settings.ts'
import { repositoryParts, repositoryProblem } from './github-repository.ts'

/** Starts workflows of a repository by GitHub's `POST /repos/{owner}/{repo}/dispatches`. */
export const repositoryDispatch: DestinationType<RepositoryDispatch> = {
  type: 'repository_dispatch',
  title: 'GitHub repository_dispatch',
  settings: repositoryDispatchSettings,
  default_order: 'strict',
  check: (given, context) => [
    ...checkRepository(given, context),
    ...checkTexts(given),
    ...checkEventTypeSetting(given.event_type),
    ...checkPayload(given),
  ],
  repository: ({ connection, repository }) => ({ connection, ...repositoryParts(repository) }),
  connect: ({ connections, github }) => createRepositoryDispatchSender(connections, { github }),
}

function checkRepository({ connection, repository }: RepositoryDispatch, { connections }: CheckContext) {
  const known = connections.get(connection)
  if (known !== undefined)
    return problem('repository', repositoryProblem(repository, known.repositories, connection))
  const names = [...connections.keys()].join(', ') || 'none: set GITHUB_TOKEN or GITHUB_APP_ID'
  const message = `there is no GitHub connection ${connection}. Configured: ${names}`
  return problem('connection', { message, fix: `Name one of them, or configure github.${connection}.` })
}

/** Every template compiles, and none names a secret. */
function checkTexts({ repository, event_type, client_payload }: RepositoryDispatch): SettingsProblem[] {
  return Object.entries({ repository, event_type, client_payload }).flatMap(([key, value]) => {
    const secret = secretWord(JSON.stringify(value))
    return problem(key, secret === null ? templateProblem(value, key) : refusedSecret(secret))
  })
}

function templateProblem(value: Json, path: string): What | null {
  try {
    compileTemplate(value, { path })
    return null
  } catch (error) {
    if (error instanceof TemplateError) {
      const { path: inner, message, fix } = error
      return { message: inner === path ? message : `${inner}: ${message}`, fix }
    }
    throw error
  }
}

/** Secrets are written in capitals (`${NAME}`), words of an event never are; `$${` is a literal. */
function secretWord(text: string): string | null {
  return /(?<!\$)\$\{([A-Z][A-Z0-9_]*)\}/.exec(text)?.[1] ?? null
}

function refusedSecret(name: string): What {
  const message = `\${${name}} names a secret, and secrets are refused in what goes to GitHub: the logs of workflow runs show it`
  return { message, fix: "Keep it in the repository's own Actions secrets." }
}

function checkEventTypeSetting(event_type: string | null): SettingsProblem[] {
  if (event_type === null || event_type.includes('${')) return []
  try {
    checkEventType(event_type)
    return []
  } catch (error) {
    if (error instanceof ClientPayloadError) return problem('event_type', error)
    throw error
  }
}

function checkPayload({ client_payload, model_event, parameters }: RepositoryDispatch): SettingsProblem[] {
  const carriesEvent = client_payload === null || model_event
  return [...(carriesEvent ? checkParameters(parameters) : []), ...checkOwnPayload(client_payload ?? {})]
}

function checkParameters(parameters: JsonObject): SettingsProblem[] {
  const size = byteLength(parameters)
  const most = LIMITS.payload_bytes / 2
  if (size <= most) return []
  const fix = `Keep them under ${most}: the event needs the rest.`
  return problem('parameters', { message: `they take ${size} bytes`, fix })
}

function checkOwnPayload(client_payload: JsonObject): SettingsProblem[] {
  const keys = Object.keys(client_payload).length
  if (keys > LIMITS.top_level_keys) {
    const message = `it has ${keys} keys, and GitHub takes at most ${LIMITS.top_level_keys}`
    return problem('client_payload', { message, fix: 'Put several values into an object under one key.' })
  }
  const size = byteLength(client_payload)
  const isLiteral = !JSON.stringify(client_payload).includes('${')
  if (!isLiteral || size <= LIMITS.payload_bytes) return []
  const message = `it takes ${size} bytes, and at most ${LIMITS.payload_bytes} can be sent`
  return problem('client_payload', { message, fix: 'Shorten it.' })
}

function byteLength(value: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(value))
}

interface What {
  message: string
  fix: string
}

function problem(key: string, what: What | null): SettingsProblem[] {
  return what === null ? [] : [{ path: [key], message: what.message, fix: what.fix }]
}
