import { LIMITS } from '../../src/contract/client-payload.ts'
import { isObject } from '../../src/contract/clean-json.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { jsonBytes } from '../../src/contract/payload-budget.ts'

const DOCS = 'https://docs.github.com/rest'
const ROUTE_DOCS = `${DOCS}/repos/repos#create-a-repository-dispatch-event`

/** An error as GitHub's REST API answers it: clients show its message. */
export interface GitHubError {
  message: string
  documentation_url: string
  status: string
  errors?: object[]
}

/** Returns the body of an error of GitHub's dispatch route. */
export function githubError(status: number, message: string, errors?: object[]): GitHubError {
  const documentation_url = status === 401 ? DOCS : ROUTE_DOCS
  return { message, ...(errors ? { errors } : {}), documentation_url, status: String(status) }
}

/** A body that GitHub takes for a dispatch. */
export interface DispatchBody {
  event_type: string
  client_payload: JsonObject
}

/**
 * Returns the body of a dispatch, or the answer (422) that GitHub gives to one it does not take.
 * https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
 */
export function readDispatch(body: Json): DispatchBody | GitHubError {
  if (!isObject(body)) return invalid(`For 'links/1/schema', ${shown(body)} is not an object.`)
  const { event_type, client_payload = {}, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return invalid(`${shown(unknown)} is not a permitted key.`)
  if (event_type === undefined) return invalid('"event_type" wasn\'t supplied.')
  if (typeof event_type !== 'string')
    return invalid(`For 'properties/event_type', ${shown(event_type)} is not a string.`)
  if (event_type.trim() === '') return failed('event_type is missing')
  if (event_type.length > LIMITS.event_type_characters) return failed('event_type is too long')
  if (!isObject(client_payload))
    return invalid(`For 'properties/client_payload', ${shown(client_payload)} is not an object.`)
  const keys = Object.keys(client_payload).length
  if (keys > LIMITS.top_level_keys)
    return invalid(`No more than ${LIMITS.top_level_keys} properties are allowed; ${keys} were supplied.`)
  if (jsonBytes(client_payload) > LIMITS.payload_bytes) return invalid('client_payload is too large.')
  return { event_type, client_payload }
}

function invalid(reason: string): GitHubError {
  return githubError(422, `Invalid request.\n\n${reason}`)
}

function failed(message: string): GitHubError {
  const error = { resource: 'RepositoryDispatch', field: 'event_type', code: 'invalid', message }
  return githubError(422, 'Validation Failed', [error])
}

/** The longest value that an answer quotes, in characters. */
const SHOWN = 60

/** Returns a value as GitHub quotes it: `nil` for null. */
function shown(value: Json): string {
  const text = value === null ? 'nil' : JSON.stringify(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
