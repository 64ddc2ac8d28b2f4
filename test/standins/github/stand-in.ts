import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Accounts, type Account, type AccountOptions } from './accounts.ts'
import { answerControl } from './control.ts'
import { Files, type FileOptions } from './files.ts'
import { Script, trickle, type Failure } from './failures.ts'
import { GITHUB_LIMITS, Limits, type LimitSettings } from './limits.ts'
import { loadBodyCheck, type BodyCheck, type Operation } from './openapi.ts'
import { realAnswer, type AnswerName, type WireAnswer } from './real-answers.ts'
import { checkRequest } from './request-rules.ts'
import { Workflows, type WorkflowOptions } from './workflows.ts'
import { answerRoute, findRoute, type Repositories, type Route } from './routes.ts'

export interface StandInOptions extends AccountOptions, WorkflowOptions, FileOptions {
  /** Default 0: any free port. */
  port?: number
  /** Unix time in ms. Default: the system's clock. */
  now?: () => number
  /** `owner/name` of every repository that exists. Default: all exist. */
  repositories?: string[]
  /** New names by old names; the old ones answer 301. */
  moved?: Record<string, string>
  limits?: Partial<LimitSettings>
  /** How long a new installation token is unknown to the replica that dispatches reach, and what that one answers. */
  lag?: { ms: number; answer: AnswerName }
  /** Check bodies by GitHub's OpenAPI description (costs a quarter of a second once per process). Default true. */
  validate?: boolean
}

/** A dispatch that was accepted. */
export interface AcceptedDispatch {
  /** Unix time in ms. */
  at: number
  identity: string
  /** `owner/name` as the repository is called now. */
  repository: string
  event_type: string
  client_payload: Record<string, unknown>
  /** The body as it was sent. */
  body: string
}

export interface ReceivedRequest {
  at: number
  method: string
  /** With `/api/v3` where it was asked so. */
  path: string
  operation: Operation | null
  identity: string | null
  headers: Record<string, string>
  body: string
}

/** GitHub's REST API on loopback, as far as dispatching needs it; also below `/api/v3`. */
export class StandInGitHub {
  /** The API address, without a trailing slash. */
  url = ''
  readonly dispatches: AcceptedDispatch[] = []
  readonly requests: ReceivedRequest[] = []
  /** What senders did wrong by GitHub's description or advice. */
  readonly violations: string[] = []
  readonly accounts: Accounts
  readonly workflows: Workflows
  readonly files: Files
  readonly limits: Limits
  readonly script = new Script()
  readonly #repositories: Repositories
  readonly #now: () => number
  readonly #lag: { ms: number; answer: AnswerName } | null
  readonly #checkBody: BodyCheck | null
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(options: StandInOptions) {
    this.accounts = new Accounts(options)
    this.workflows = new Workflows(options)
    this.files = new Files(options)
    this.limits = new Limits({ ...GITHUB_LIMITS, ...options.limits })
    this.#repositories = { known: options.repositories ?? null, moved: options.moved ?? {} }
    this.#now = options.now ?? Date.now
    this.#lag = options.lag ?? null
    this.#checkBody = options.validate === false ? null : loadBodyCheck()
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(port: number): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  /** Cuts every connection, also hanging ones. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Makes the next requests fail, of one operation or of any. */
  failNext(
    failure: Failure,
    { times = 1, operation = null }: { times?: number; operation?: Operation | null } = {},
  ): void {
    this.script.next(failure, times, operation)
  }

  /** Makes every request fail from now on; null ends it. */
  failAlways(failure: Failure | null): void {
    this.script.always(failure)
  }

  /** Installation tokens made so far. */
  get mints(): Accounts['mints'] {
    return this.accounts.mints
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    if (url.startsWith('/_control/')) {
      await answerControl(this, request, response)
      return
    }
    const isV3 = url.startsWith('/api/v3/')
    const setting = { now: this.#now(), url: isV3 ? `${this.url}/api/v3` : this.url }
    const route = findRoute(method, isV3 ? url.slice('/api/v3'.length) : url, this.#repositories)
    const account = this.accounts.identify(request.headers.authorization, setting.now)
    if (account !== null) response.on('close', this.limits.begin(account.identity, method, setting.now))
    const text = await readText(request)
    const asked = { request, text, route, account, setting }
    this.requests.push(received(asked))
    const work = (): WireAnswer => this.#answer(asked)
    await this.#play(this.script.take(route?.operation ?? null), work, asked, response)
  }

  /** Answers, or fails as the script says. */
  async #play(
    failure: Failure | null,
    work: () => WireAnswer,
    { account, setting }: Asked,
    response: ServerResponse,
  ): Promise<void> {
    const send = (answer: WireAnswer): void => {
      const limits = account === null ? {} : this.limits.headers(account.identity, setting.now)
      response.writeHead(answer.status, {
        ...limits,
        date: new Date(setting.now).toUTCString(),
        ...answer.headers,
      })
      response.end(answer.body)
    }
    switch (failure?.kind) {
      case undefined:
        send(work())
        break
      case 'answer':
        send(realAnswer(failure.name, setting))
        break
      case 'custom':
        send({ status: failure.status, headers: failure.headers ?? {}, body: failure.body ?? '' })
        break
      case 'hang':
        break
      case 'reset':
        response.socket?.resetAndDestroy()
        break
      case 'lost':
        work()
        response.socket?.resetAndDestroy()
        break
      case 'slow':
        await sleep(failure.ms)
        send(work())
        break
      case 'trickle':
        trickle(response, failure.ms)
    }
  }

  #answer({ request, text, route, account, setting }: Asked): WireAnswer {
    if (route === null) return realAnswer('not-found', setting)
    const body = parseJson(text)
    const { operation } = route
    const checked = checkRequest(
      operation,
      { headers: request.headers, text, body },
      this.#checkBody,
      setting,
    )
    this.violations.push(...checked.violations.map((violation) => `${operation}: ${violation}`))
    if (account === null) return realAnswer('bad-credentials', setting)
    const { minted_at = -Infinity } = account
    if (operation === 'dispatch' && this.#lag !== null && setting.now - minted_at < this.#lag.ms)
      return realAnswer(this.#lag.answer, setting)
    const limited = this.limits.refusal(
      account.identity,
      request.method ?? 'GET',
      operation === 'dispatch',
      setting,
    )
    const { accounts, workflows, files } = this
    const context = {
      ...setting,
      account,
      accounts,
      workflows,
      files,
      repositories: this.#repositories,
      body,
    }
    const answer = limited ?? checked.refusal ?? answerRoute(route, context)
    if (operation === 'dispatch' && answer.status === 204)
      this.#accept(route, account, { text, body, at: setting.now })
    return answer
  }

  #accept(
    { place }: Route,
    { identity }: Account,
    { text, body, at }: { text: string; body: unknown; at: number },
  ): void {
    const { event_type, client_payload } = body as Pick<AcceptedDispatch, 'event_type' | 'client_payload'>
    const repository = `${place?.owner ?? ''}/${place?.repo ?? ''}`
    this.dispatches.push({ at, identity, repository, event_type, client_payload, body: text })
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function received({ request, route, account, text, setting }: Asked): ReceivedRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  )
  const { method = 'GET', url: path = '/' } = request
  return {
    at: setting.now,
    method,
    path,
    operation: route?.operation ?? null,
    identity: account?.identity ?? null,
    headers,
    body: text,
  }
}

/** One request, and who sent it where. */
interface Asked {
  request: IncomingMessage
  text: string
  route: Route | null
  account: Account | null
  setting: { now: number; url: string }
}
