import { readEnvironment } from '../config/environment/environment.ts'
import { isObject } from '../../src/contract/clean-json.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { installNetwork } from '../outbound/network.ts'
import { bound, inline } from '../secrets/redact.ts'
import { CommandError } from './command-error.ts'
import { EXIT } from './exit-codes.ts'
import { ownAddress, ownApiAddress } from './own-address.ts'
import { jsonOr } from './read-input.ts'

/** How long the receiver may take to answer, in ms. */
const TIMEOUT_MS = 30_000
/** The most that is shown of a foreign text, in bytes. */
const QUOTED = 300

/** A call of the receiver's API. */
export interface ApiCall {
  method: 'GET' | 'POST'
  /** Below `/api/v1`. */
  path: string
  body?: unknown
}

/**
 * Calls the API of a running receiver with ADMIN_TOKEN and returns its answer.
 * @param url the receiver's address; null for ADMIN_HOST and ADMIN_PORT of the environment, else HOST and PORT.
 * @throws CommandError where it cannot be reached, or refuses.
 */
export async function callApi(url: string | null, { method, path, body }: ApiCall): Promise<JsonObject> {
  const { admin_token } = readEnvironment(process.env)
  if (admin_token === null)
    throw new CommandError(
      'The API needs a token.',
      "Set ADMIN_TOKEN (or ADMIN_TOKEN_FILE) to the receiver's.",
    )
  const base = receiverUrl(url ?? ownApiAddress(process.env))
  const answer = await fetchFrom(base, `/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${admin_token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw refusalOf(answer, base)
  const value = jsonOr(answer.text)
  if (isObject(value)) return value
  throw new CommandError(
    `${base} answered ${answer.status} with something that is not JSON: ${quote(answer.text)}`,
    "Check --url: it must be the receiver's own address, without a page to sign in before it.",
  )
}

/** A receiver's answer. */
export interface ReceiverAnswer {
  status: number
  ok: boolean
  text: string
}

/**
 * Returns the address of the receiver without a slash at its end.
 * @throws CommandError where it is not a URL.
 */
export function receiverUrl(url: string | null): string {
  const base = (url ?? ownAddress(process.env)).replace(/\/+$/, '')
  if (/^https?:\/\/[^/]/.test(base) && URL.canParse(base)) return base
  throw new CommandError(
    `--url: ${JSON.stringify(base)} is not a URL.`,
    'Write it as https://dispatch.example.com.',
  )
}

/**
 * Asks the receiver.
 * @throws CommandError where no answer comes.
 */
export async function fetchFrom(base: string, path: string, init: RequestInit): Promise<ReceiverAnswer> {
  // A proxy of the environment is for what is not on this machine.
  if (!/^https?:\/\/(localhost|127\.|\[::1\])/.test(base)) installNetwork()
  try {
    const request = { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const
    const response = await fetch(`${base}${path}`, request)
    const { status, ok } = response
    return { status, ok, text: await response.text() }
  } catch (error) {
    const { cause, message } = error as Error
    const reason =
      cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : message
    throw new CommandError(
      `No answer from ${base}: ${reason}.`,
      'Start the receiver, or name its address with --url.',
      EXIT.try_again,
    )
  }
}

function refusalOf({ status, text }: ReceiverAnswer, base: string): CommandError {
  if (status === 401)
    return new CommandError(
      `The receiver at ${base} does not know this ADMIN_TOKEN.`,
      'Set ADMIN_TOKEN to the one that the receiver was started with.',
    )
  const exit_code = status === 429 || status >= 500 ? EXIT.try_again : EXIT.refused
  return new CommandError(`${base} answered ${status}: ${detailOf(text)}`, fixOf(status), exit_code)
}

function fixOf(status: number): string {
  if (status === 404) return 'Check the id and --url. Without ADMIN_TOKEN, a receiver has no API.'
  if (status >= 300 && status < 400) return 'Give the address that this leads to as --url.'
  return status >= 500 ? 'Look at its log, then try again.' : 'docs/troubleshooting.md explains each answer.'
}

function detailOf(text: string): string {
  const problem = jsonOr(text)
  const { detail, title } = isObject(problem) ? problem : {}
  const said = detail ?? title
  return typeof said === 'string' ? said : quote(text)
}

/** Returns the start of a foreign text on one line. */
const quote = (text: string) => bound(inline(text, []), QUOTED)
