import { answerObject, type Answer } from '../outbound/answer.ts'
import { bound, inline } from '../secrets/redact.ts'

/** The most that is quoted of a body that is not JSON of GitHub's, in bytes. */
const TEXT_LIMIT = 200

/**
 * Returns GitHub's own words with `secrets` masked: `message` and its details of a JSON body, else the start of the
 * text. Of an answer to the step `token` only `message` is quoted, since anything else in it may be a token.
 */
export function quote(
  { body }: Pick<Answer, 'body'>,
  { step, secrets }: { step: string; secrets: readonly string[] },
): string {
  const { message, errors } = answerObject({ body })
  const given = typeof message === 'string' ? withDetails(message, errors) : step === 'token' ? '' : body
  const words = inline(given, secrets)
  return (typeof message === 'string' ? words : bound(words, TEXT_LIMIT)) || 'no further words.'
}

function withDetails(message: string, errors: unknown): string {
  return Array.isArray(errors) && errors.length > 0
    ? `${message} (${errors.map(detail).join('; ')})`
    : message
}

function detail(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message
  return JSON.stringify(error)
}
