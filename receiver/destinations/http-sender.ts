import type { JsonObject } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { readAnswerBy } from '../outbound/answer-table.ts'
import { namesHost } from '../outbound/names.ts'
import { readNoAnswer } from '../outbound/no-answer.ts'
import type { Access, AttemptResult, Meaning } from '../policy/attempt.ts'
import type { NamedSecret } from '../secrets/named.ts'
import { excerpt, redact } from '../secrets/redact.ts'
import { VaultError } from '../secrets/vault.ts'
import {
  RenderError,
  SecretUnavailable,
  type ConnectContext,
  type DeliveryInput,
  type Sender,
  type Target,
  type TargetInput,
} from './destination.ts'
import { addressKey, fillAddress, shownAddress } from './http-address.ts'
import { accessIn } from './http-access.ts'
import type { HttpDestination, HttpRequest } from './http-spec.ts'
import { createValues, MASKED, namesOfSecrets, type HttpValues, type ValueSources } from './http-values.ts'

/** The most that one request may carry, in bytes of UTF-8. */
const BODY_LIMIT = 1_000_000

/** A request that is ready to leave. */
interface Ready {
  request: HttpRequest
  body: string
  headers: Record<string, string>
  values: HttpValues
}

/** Makes an HTTP destination ready to send. */
export function createHttpSender<S extends { type: string }>(
  spec: HttpDestination<S>,
  context: ConnectContext,
): Sender<S> {
  const target = (input: TargetInput<S>) => targetOf(spec, input, context)
  return {
    target,
    ...(spec.access === undefined
      ? {}
      : {
          access: (input: DeliveryInput<S>, signal: AbortSignal) =>
            askAccess(spec, input, { context, signal }),
        }),
    render(input) {
      const values = createValues(input, MASKED, spec.own_secrets?.(input.settings))
      const { text } = spec.address(input.settings)
      // A masked address need not be one: requests are made with one that is.
      const url = masked(() => fillAddress(spec.address(input.settings), values)) ?? text
      const { method, body } = spec.request({ ...input, url, older: false, values })
      const shown = redact(JSON.stringify(body), [])
      return { method, url: target(input).target, body: JSON.parse(shown) as JsonObject }
    },
    async send(input, signal) {
      const shown = masked(() => target(input).target) ?? spec.address(input.settings).text
      try {
        return await attempt(spec, input, { context, signal, shown })
      } catch (error) {
        const meaning = withoutRequest(error)
        if (meaning === null) throw error
        const request = { method: 'POST', url: shown, body: '' }
        return { ...meaning, message: redact(meaning.message, []), status: null, request, response: null }
      }
    },
  }
}

function targetOf<S extends { type: string }>(
  spec: HttpDestination<S>,
  input: TargetInput<S>,
  context: ConnectContext,
): Target {
  const { settings } = input
  const address = spec.address(settings)
  // A named secret is read from the store when the request is made, and an address that it is part of is known then.
  const isKnown = namesOfSecrets(address.text).length === 0
  const values = createValues(input, { reference: context.secret, named: () => '' })
  const url = isKnown ? available(() => fillAddress(address, values)) : null
  const key = addressKey(address, url)
  const label = spec.label?.(settings) ?? ''
  const shown = shownAddress(address, url, spec.shown)
  return {
    target: redact(label === '' ? shown : `${shown} ${label}`, values.revealed),
    listener: label === '' ? key : `${key} ${label}`,
    lane: `${spec.type}:${spec.limited_by === 'host' ? (key.split('/')[0] ?? key) : key}`,
    policy: spec.policy,
  }
}

async function attempt<S extends { type: string }>(
  spec: HttpDestination<S>,
  input: DeliveryInput<S>,
  { context, signal, shown }: { context: ConnectContext; signal: AbortSignal; shown: string },
): Promise<AttemptResult> {
  const verify_tls = spec.verify_tls?.(input.settings) ?? true
  const leave = async (older: boolean) => {
    const { request, body, headers, values } = await prepare(spec, input, { context, older })
    const { method, url } = request
    context.named.used(values.named)
    const sent = await context.outbound.send({ method, url, headers, body, verify_tls }, signal)
    return { sent, method, url, body, secrets: values.revealed }
  }
  const first = await leave(false)
  const isTooOld = first.sent.kind === 'answer' && spec.is_too_old?.(first.sent.answer) === true
  const { sent, method, url, body, secrets } = isTooOld ? await leave(true) : first
  const { host } = new URL(url)
  const meaning =
    sent.kind === 'answer'
      ? readAnswerBy(spec.answers, sent.answer, { now: context.now(), host, secrets })
      : sent.kind === 'refused'
        ? permanent(sent.refusal)
        : readNoAnswer(sent.error, UNANSWERED(host))
  return {
    class: meaning.class,
    status: sent.kind === 'answer' ? sent.answer.status : null,
    message: redact(meaning.message, secrets),
    fix: redact(meaning.fix, secrets),
    request: { method, url: shown, body: excerpt(body, secrets) },
    response: sent.kind === 'answer' ? excerpt(sent.answer.body, secrets) : null,
    retry_after_ms: meaning.retry_after_ms,
  }
}

/** @throws RenderError, SecretUnavailable, VaultError */
async function prepare<S extends { type: string }>(
  spec: HttpDestination<S>,
  input: DeliveryInput<S>,
  { context, older }: { context: ConnectContext; older: boolean },
): Promise<Ready> {
  const { url, values, known } = await fill(spec, input, context)
  const request = spec.request({ ...input, url, older, values })
  const body = JSON.stringify(request.body)
  const size = Buffer.byteLength(body)
  if (size > BODY_LIMIT)
    throw new RenderError(
      `The body takes ${size} bytes, and at most ${BODY_LIMIT} are sent.`,
      'Write a `body` with the fields that are needed, then redeliver.',
    )
  const headers = request.headers(body, context.now())
  checkHeaders(headers)
  checkHosts(request.url, values.named, known)
  return { request, body, headers, values }
}

/** @throws RenderError, SecretUnavailable, VaultError */
async function fill<S extends { type: string }>(
  spec: HttpDestination<S>,
  input: DeliveryInput<S>,
  context: ConnectContext,
) {
  const names = namesOfSecrets(input.settings)
  const known = names.length === 0 ? new Map<string, NamedSecret>() : await context.named.read(names)
  const values = createValues(input, sourcesOf(known, context), spec.own_secrets?.(input.settings))
  return { url: fillAddress(spec.address(input.settings), values), values, known }
}

async function askAccess<S extends { type: string }>(
  spec: HttpDestination<S>,
  input: DeliveryInput<S>,
  { context, signal }: { context: ConnectContext; signal: AbortSignal },
): Promise<Access> {
  try {
    const { url, values, known } = await fill(spec, input, context)
    const question = spec.access?.({ ...input, url, older: false, values })
    if (question === undefined) return { allowed: null, status: null, message: '', fix: '' }
    checkHeaders(question.headers)
    checkHosts(question.url, values.named, known)
    const sent = await context.outbound.send(
      { ...question, verify_tls: spec.verify_tls?.(input.settings) ?? true },
      signal,
    )
    return accessIn(sent, question, { answers: spec.answers, now: context.now(), secrets: values.revealed })
  } catch (error) {
    const meaning = withoutRequest(error)
    if (meaning === null) throw error
    return { allowed: false, status: null, message: redact(meaning.message, []), fix: meaning.fix }
  }
}

function sourcesOf(known: ReadonlyMap<string, NamedSecret>, context: ConnectContext): ValueSources {
  return {
    reference: context.secret,
    named(name) {
      const found = known.get(name)
      if (found !== undefined) return found.value.reveal()
      throw new SecretUnavailable(
        `There is no secret ${name}.`,
        `Store it with PUT /api/v1/secrets/${name}, or write \`\${env:${name}}\` for the variable of this name.`,
      )
    },
  }
}

/** A template, or whoever can change it, could send a secret elsewhere otherwise. */
function checkHosts(url: string, used: ReadonlySet<string>, known: ReadonlyMap<string, NamedSecret>): void {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  for (const name of used) {
    const hosts = known.get(name)?.hosts ?? []
    if (namesHost(hosts, host)) continue
    throw new RenderError(
      `The secret ${name} is bound to ${hosts.join(', ') || 'no host'}, and this request goes to ${host}.`,
      `Correct the address, or store the secret again with ${host} among its \`hosts\`. Then redeliver.`,
    )
  }
}

/** The characters that HTTP allows in a header: RFC 9110, section 5.5. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue
    throw new RenderError(
      `The header ${name} would get a line break or a character that headers cannot carry.`,
      'Take it out of the setting or the secret; a secret from a file often ends with a line break.',
    )
  }
}

/** Translates an error that came before any request; null for one that is our own fault. */
function withoutRequest(error: unknown): Meaning | null {
  if (error instanceof RenderError) return permanent(error)
  if (!(error instanceof SecretUnavailable || error instanceof VaultError)) return null
  // Deliveries wait for the secret; one of them asks for it every five minutes.
  return { class: 'credentials', message: error.message, fix: error.fix, retry_after_ms: null }
}

function permanent({ message, fix }: Problem): Meaning {
  const sentence = message.endsWith('.') ? message : `${message}.`
  return { class: 'permanent', message: sentence, fix, retry_after_ms: null }
}

const UNANSWERED = (host: string) => ({
  host,
  sent: 'the request may or may not have been accepted',
  unsent: 'nothing was sent',
})

/** A value, or null where a secret has none now. */
function available<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof SecretUnavailable) return null
    throw error
  }
}

/** A value for people, or null where none can be made. */
function masked<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof RenderError || error instanceof SecretUnavailable) return null
    throw error
  }
}
