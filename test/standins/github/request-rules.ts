import type { IncomingHttpHeaders } from 'node:http'
import type { BodyCheck, Operation } from './openapi.ts'
import { errorAnswer, realAnswer, type AnswerSetting, type WireAnswer } from './real-answers.ts'

/** GitHub's limit of a `client_payload`, in bytes: it must be less. */
const PAYLOAD_BYTES = 65_536

/** GitHub's limit of the serialised `inputs`, in characters. */
const INPUTS_CHARACTERS = 65_535

export interface Checked {
  /** What the request did wrong, in words for a test's output. */
  violations: string[]
  /** GitHub's refusal, null when it lets the request pass. */
  refusal: WireAnswer | null
}

/** Checks a request against GitHub's description, its documentation, and its advice. */
export function checkRequest(
  operation: Operation,
  request: { headers: IncomingHttpHeaders; text: string; body: unknown },
  checkBody: BodyCheck | null,
  setting: AnswerSetting,
): Checked {
  const { headers, text, body } = request
  if (headers['user-agent'] === undefined || headers['user-agent'] === '')
    return { violations: ['User-Agent is missing'], refusal: realAnswer('no-user-agent', setting) }
  const advice = checkAdvice(headers)
  if (text !== '' && body === undefined)
    return { violations: [...advice, 'body is not JSON'], refusal: realAnswer('bad-request', setting) }
  const wrong = [
    ...(operation === 'dispatch' ? checkDispatch(body) : []),
    ...(operation === 'workflow' ? checkInputs(body) : []),
    ...(checkBody?.(operation, body ?? {}) ?? []),
  ]
  const refusal = wrong[0] === undefined ? null : errorAnswer(422, `Invalid request.\n\n${wrong[0]}`)
  return { violations: [...advice, ...wrong], refusal }
}

/** What GitHub advises but lets pass. */
function checkAdvice(headers: IncomingHttpHeaders): string[] {
  return [
    headers['x-github-api-version'] === '2022-11-28'
      ? null
      : 'X-GitHub-Api-Version is not pinned to 2022-11-28',
    headers.accept?.startsWith('application/vnd.github') === true
      ? null
      : 'Accept is not application/vnd.github+json',
  ].filter((problem) => problem !== null)
}

/** GitHub's limit of all inputs together, in characters of their JSON: `@octokit/openapi` has no word for it. */
function checkInputs(body: unknown): string[] {
  const { inputs } = (body ?? {}) as { inputs?: unknown }
  return JSON.stringify(inputs ?? {}).length > INPUTS_CHARACTERS ? ['inputs are too large.'] : []
}

function checkDispatch(body: unknown): string[] {
  const { client_payload } = (body ?? {}) as { client_payload?: unknown }
  if (typeof client_payload !== 'object' || client_payload === null) return []
  const keys = Object.keys(client_payload).length
  const problems: string[] = []
  if (keys > 10) problems.push(`No more than 10 properties are allowed; ${keys} were supplied.`)
  if (Buffer.byteLength(JSON.stringify(client_payload)) >= PAYLOAD_BYTES)
    problems.push('client_payload is too large.')
  return problems
}
