import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, ProxyAgent, request, type Dispatcher } from 'undici'
import type { Answer } from './answer.ts'
import { OutboundRefused, type Guard, type Refusal } from './guard.ts'
import { CONNECT_TIMEOUT_MS } from './network.ts'
import { readAtMost } from './read-at-most.ts'

/** The most that is read of an answer's body where the request does not say otherwise, in bytes. */
export const ANSWER_LIMIT = 8 * 1024

/** The longest wait for an answer to begin, and between two parts of it, in ms. The caller's signal bounds the whole. */
const SILENCE_LIMIT_MS = 15_000

/** An HTTP request to a user's URL. */
export interface OutboundRequest {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  /** Sent as it is; null for a request without a body. */
  body: string | Buffer | null
  /** Whether the server's certificate must be valid. @default true */
  verify_tls?: boolean
  /** The most that is read of the answer's body, in bytes. @default ANSWER_LIMIT */
  answer_limit?: number
}

/** The outcome of a request. */
export type Sent =
  | { kind: 'answer'; answer: Answer }
  /** The guard did not let it out: nothing was sent. */
  | { kind: 'refused'; refusal: Refusal }
  /** See `no-answer.ts` for what it means. */
  | { kind: 'no-answer'; error: unknown }

/** The one way out for users' URLs. */
export interface Outbound {
  guard: Guard
  /**
   * Sends one request, and follows no redirect: it is an answer like any other. Never throws; gives up when `signal`
   * aborts.
   */
  send(request: OutboundRequest, signal: AbortSignal): Promise<Sent>
  /** Closes the connections that are kept alive. */
  close(): Promise<void>
}

/** Makes the way out that a guard watches. Keep one: it holds connections open between requests. */
export function createOutbound(guard: Guard): Outbound {
  const dispatchers = createDispatchers(guard)
  return {
    guard,
    async send({ method, url, headers, body, verify_tls = true, answer_limit = ANSWER_LIMIT }, signal) {
      const refusal = guard.checkText(url)
      if (refusal !== null) return { kind: 'refused', refusal }
      try {
        const dispatcher = dispatchers.take(guard.proxyFor(new URL(url)), verify_tls)
        const options = { method, headers, body, dispatcher, signal }
        return { kind: 'answer', answer: await ask(url, options, answer_limit) }
      } catch (error) {
        const refused = refusalIn(error)
        return refused === null ? { kind: 'no-answer', error } : { kind: 'refused', refusal: refused }
      }
    },
    close: () => dispatchers.close(),
  }
}

async function ask(url: string, options: Parameters<typeof request>[1], limit: number): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, options)
  return { status: statusCode, headers: oneEach(headers), body: await readAtMost(body, limit) }
}

function oneEach(headers: Readonly<Record<string, string | string[] | undefined>>): Answer['headers'] {
  const entries = Object.entries(headers)
  return Object.fromEntries(
    entries.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]),
  )
}

/** The guard's word inside what undici throws. */
function refusalIn(error: unknown): Refusal | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; depth += 1) {
    if (current instanceof OutboundRefused) return current.refusal
    current = current.cause
  }
  return null
}

/** An agent for each way: straight or by a proxy, with certificates checked or not. */
function createDispatchers(guard: Guard) {
  const agents = new Map<string, Dispatcher>()
  return {
    take(proxy: string | null, verify_tls: boolean): Dispatcher {
      const key = `${verify_tls} ${proxy ?? ''}`
      const agent =
        agents.get(key) ?? (proxy === null ? straight(guard, verify_tls) : through(proxy, verify_tls))
      agents.set(key, agent)
      return agent
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

const LIMITS = {
  headersTimeout: SILENCE_LIMIT_MS,
  bodyTimeout: SILENCE_LIMIT_MS,
  allowH2: false,
} as const

/** Connects to the addresses that the guard has checked, and to nothing else: no second look-up comes between. */
function straight(guard: Guard, verify_tls: boolean): Agent {
  const lookup: LookupFunction = (host, { all }, callback) => {
    guard.addressesOf(host).then(
      (found) => {
        if (all === true) callback(null, found)
        else callback(null, found[0]?.address ?? '', found[0]?.family)
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, []),
    )
  }
  const connect = buildConnector({
    lookup,
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    rejectUnauthorized: verify_tls,
  })
  return new Agent({
    ...LIMITS,
    connect(options, callback) {
      // Node looks up names only: an address is checked here.
      if (isIP(options.hostname) === 0) {
        connect(options, callback)
        return
      }
      guard.addressesOf(options.hostname).then(
        () => connect(options, callback),
        (error: unknown) => callback(error as Error, null),
      )
    },
  })
}

/** The proxy is the operator's, so that nothing about its own address is checked. */
function through(proxy: string, verify_tls: boolean): ProxyAgent {
  return new ProxyAgent({
    ...LIMITS,
    uri: proxy,
    connectTimeout: CONNECT_TIMEOUT_MS,
    proxyTls: { timeout: CONNECT_TIMEOUT_MS },
    requestTls: { timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: verify_tls },
  })
}
