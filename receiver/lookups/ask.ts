import { isObject } from '../../src/contract/clean-json.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type { LookupConfig } from '../config/config.ts'
import { VERSION } from '../observe/version.ts'
import type { Answer } from '../outbound/answer.ts'
import { readNoAnswer } from '../outbound/no-answer.ts'
import { retryAfter } from '../outbound/retry-after.ts'
import type { Outbound } from '../outbound/send.ts'
import { hideSecrets } from '../secrets/hide-in-body.ts'
import { inline } from '../secrets/redact.ts'
import { LookupTrouble, type Ask, type LookupRequest, type SourceLookup } from '../sources/lookup.ts'

/** The most that is read of an answer, in bytes: metadata holds at most 100 keys in W&B, a run of MLflow far more. */
const ANSWER_LIMIT = 2 * 2 ** 20

/** The longest that a registry may ask to be left alone, in ms. */
const LONGEST_WAIT_MS = 3_600_000

/** The means to ask a registry. */
export interface AskOptions {
  outbound: Outbound
  lookup: SourceLookup
  config: LookupConfig
  /** Texts that must not come back in an answer, beside the key: the source's own secrets. */
  secrets: readonly string[]
  /** Ends the question. */
  signal: AbortSignal
  /** Unix ms, for the dates of answers. */
  now: number
}

/** Returns what asks one registry, by its address and with its credentials. */
export function createAsk({ outbound, lookup, config, secrets, signal, now }: AskOptions): Ask {
  const { api_key, base_url } = config
  const hidden = [...secrets, ...(api_key === null ? [] : [api_key, lookup.authorization(api_key)])]
  const { host } = new URL(base_url)
  return async (request) => {
    const sent = await outbound.send(
      { ...formOf(request, lookup, config), answer_limit: ANSWER_LIMIT },
      signal,
    )
    if (sent.kind === 'refused') throw new LookupTrouble(sent.refusal)
    if (sent.kind === 'no-answer')
      throw new LookupTrouble(
        readNoAnswer(sent.error, { host, sent: 'nothing is known yet', unsent: 'nothing is known yet' }),
      )
    const trouble = troubleOf(sent.answer, { host, now, hidden })
    if (trouble !== null) throw trouble
    const { status, body } = sent.answer
    return { status, body: jsonOf(body, hidden, host) }
  }
}

function formOf(
  { method, path, query = {}, headers = {}, body }: LookupRequest,
  lookup: SourceLookup,
  { api_key, base_url }: LookupConfig,
) {
  const search = new URLSearchParams(query).toString()
  return {
    method,
    url: `${base_url}${path}${search === '' ? '' : `?${search}`}`,
    headers: {
      ...headers,
      accept: 'application/json',
      'user-agent': `model-dispatch/${VERSION}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(api_key === null ? {} : { authorization: lookup.authorization(api_key) }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  }
}

/** Returns why an answer says nothing about what was asked; null where it may. */
function troubleOf(
  { status, headers, body }: Answer,
  { host, now, hidden }: { host: string; now: number; hidden: readonly string[] },
): LookupTrouble | null {
  if (status === 401 || status === 403)
    return new LookupTrouble({
      message: `${host} refuses the API key of the look-up (${status})`,
      fix: 'Correct `lookup.api_key` of the source, and check what its owner may read.',
    })
  if (status === 429 || status >= 500)
    return new LookupTrouble(
      {
        message: `${host} answered ${status}${quoted(body, hidden)}`,
        fix: 'Nothing to do if it ends by itself: the registry is asked again.',
      },
      { retry_after_ms: retryAfter(headers, now, LONGEST_WAIT_MS) },
    )
  if (status >= 300 && status < 400)
    return new LookupTrouble({
      message: `${host} redirects elsewhere (${status}), and look-ups follow no redirect`,
      fix: 'Write the address that it leads to as `lookup.base_url`.',
    })
  return null
}

function quoted(body: string, hidden: readonly string[]): string {
  const text = inline(body, hidden)
  return text === '' ? '' : `: ${text.slice(0, 200)}`
}

/** @throws LookupTrouble for what is no JSON object: a login page, or an answer that is too long. */
function jsonOf(text: string, hidden: readonly string[], host: string): JsonObject {
  try {
    const value = JSON.parse(hideSecrets(Buffer.from(text), hidden).toString('utf8')) as Json
    if (isObject(value)) return value
  } catch {
    // Told below.
  }
  throw new LookupTrouble({
    message:
      Buffer.byteLength(text) >= ANSWER_LIMIT
        ? `${host} answered with more than ${ANSWER_LIMIT} bytes`
        : `${host} answered with something that is not JSON`,
    fix: 'Check that `lookup.base_url` is the address of the API: a page to log in stands before it sometimes.',
  })
}
