import { isObject } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'
import { answerObject, type Answer } from '../outbound/answer.ts'
import { bound, inline } from '../secrets/redact.ts'
import { waitOf, type HttpAnswerRow } from './http-answers.ts'

/** The most that is quoted of W&B's errors, in bytes. */
const QUOTE_LIMIT = 300

/** The longest that W&B may make its lane wait, in ms. */
const LONGEST_WAIT_MS = 3_600_000

/** Returns the messages of GraphQL's errors, which come inside a 200 as well. */
export function graphqlErrors(answer: Answer): string[] {
  const errors = answerObject(answer)['errors'] as Json | undefined
  return (Array.isArray(errors) ? errors : []).flatMap((error) => {
    const message = isObject(error) ? error['message'] : null
    return typeof message === 'string' ? [message] : []
  })
}

/** W&B's answer to the push: the id of the item, null where there is no such queue, undefined where nothing is said. */
function itemOf(answer: Answer): string | null | undefined {
  const data = answerObject(answer)['data'] as Json | undefined
  if (!isObject(data) || !Object.hasOwn(data, 'pushToRunQueueByName')) return undefined
  const pushed = data['pushToRunQueueByName']
  const id = isObject(pushed) ? pushed['runQueueItemId'] : null
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}

const errorLike = (pattern: RegExp) => (answer: Answer) =>
  graphqlErrors(answer).some((error) => pattern.test(error))
const quoteErrors = (answer: Answer, secrets: readonly string[]) =>
  bound(inline(graphqlErrors(answer).join('; '), secrets), QUOTE_LIMIT)

const QUEUE_FIX =
  'Create the queue under Launch in W&B, or correct `queue` and `queue_entity` in the destination, then replay the event.'

/** The meaning of the answers of W&B's GraphQL API to a push. */
export const WANDB_LAUNCH_ANSWERS: readonly HttpAnswerRow[] = [
  {
    id: 'queued',
    applies: (answer) => answer.status === 200 && typeof itemOf(answer) === 'string',
    class: 'success',
    message: (answer) => `The job is in the queue as item ${itemOf(answer) ?? ''}.`,
    fix: () => '',
  },
  {
    id: 'limited',
    applies: (answer) => answer.status === 429 || errorLike(/rate limit/i)(answer),
    class: 'limited',
    message: (_, { host }) => `${host} asks to slow down.`,
    fix: () => 'Nothing to do: deliveries go on after the wait.',
    wait: (answer, context) => waitOf(answer, context) ?? resetOf(answer),
  },
  {
    id: 'key-refused',
    applies: (answer) =>
      answer.status === 401 || errorLike(/not logged in|invalid api key|unauthenticated/i)(answer),
    class: 'credentials',
    message: ({ status }, { host }) => `${host} refuses the API key (HTTP ${status}).`,
    fix: () => 'Replace the key behind `api_key`. Deliveries wait; one is tried every five minutes.',
  },
  {
    id: 'no-permission',
    applies: (answer) =>
      answer.status === 403 || errorLike(/permission|not authori[sz]ed|forbidden/i)(answer),
    class: 'permanent',
    message: (answer, { secrets }) =>
      `The API key may not push to this queue: ${quoteErrors(answer, secrets) || 'no further words'}.`,
    fix: () => 'Give its owner access to the team and queue in W&B, then redeliver.',
  },
  {
    id: 'no-such-queue',
    applies: (answer) =>
      (answer.status === 200 && itemOf(answer) === null && graphqlErrors(answer).length === 0) ||
      errorLike(/(?:run ?)?queue.*(?:not found|does not exist|no such)|could not find.*queue/i)(answer),
    class: 'permanent',
    message: () => 'W&B has no such queue, or the API key cannot see it.',
    fix: () => QUEUE_FIX,
  },
  {
    id: 'refused',
    applies: (answer) => answer.status < 500 && graphqlErrors(answer).length > 0,
    class: 'permanent',
    message: (answer, { secrets }) => `W&B refuses the job: ${quoteErrors(answer, secrets)}.`,
    fix: () => 'Correct what it names in the destination, then replay the event.',
  },
  {
    id: 'not-wandb',
    applies: ({ status }) => status >= 200 && status < 300,
    class: 'ambiguous',
    message: ({ status }, { host }) => `${host} answers ${status}, but not as W&B's API does.`,
    fix: () => 'Check `base_url`: of a self-hosted server it is the address that its pages have.',
  },
]

/** Seconds until W&B's limit is reset, as ms. */
function resetOf({ headers }: Answer): number | null {
  const seconds = Number(headers['ratelimit-reset'] ?? headers['x-ratelimit-reset'] ?? NaN)
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_WAIT_MS) : null
}
