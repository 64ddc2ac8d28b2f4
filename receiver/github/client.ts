import { setTimeout as sleep } from 'node:timers/promises'
import type { Octokit } from '@octokit/core'
import type { GitHubConnection } from './connection.ts'
import type { Access, AttemptResult, Meaning } from '../policy/attempt.ts'
import type { AccessQuestion, DispatchRequest, RepositoriesOf, WorkflowRequest } from './dispatch.ts'
import { answerObject, type Answer } from '../outbound/answer.ts'
import { GITHUB_ANSWERS, readAnswer, type AnswerContext } from './answers.ts'
import { accessIn } from './access.ts'
import { apiPath, call, createOctokit, NoAnswerError } from './api.ts'
import { AttemptRecord } from './attempt-record.ts'
import { readNoAnswer } from '../outbound/no-answer.ts'
import { followRedirects } from './redirects.ts'
import { WORKFLOW_ANSWERS } from './workflow-answers.ts'
import { createTokens } from './create-tokens.ts'
import { TokenRefusedError, type Credential, type Place, type Tokens } from './tokens.ts'

/** The surroundings of everything that talks to GitHub; tests replace them. */
export interface GitHubDeps {
  /** Now, Unix time in ms. Default: the system's clock. */
  now?: () => number
  /** Waits for `ms` milliseconds. Default: a timer. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  /** See `TokenOptions.repositoriesOf`; asked anew for every token. Default: tokens are not narrowed. */
  repositoriesOf?: RepositoriesOf
  /** See `Identities`. */
  onIdentity?: (connection: GitHubConnection, login: string) => void
}

/**
 * GitHub's replicas may not know a new token for some seconds, or not what it is for: a refusal of one that is younger
 * than this is not final (https://github.com/octokit/auth-app.js/issues/589, and the retries of `@octokit/auth-app`).
 */
const FRESH_TOKEN_MS = 5_000
const REPLICATION_WAIT_MS = 1_000
/** An attempt for every second that a token is fresh, twice: a refused token is renewed once. */
const MOST_RESENT = 2 * (FRESH_TOKEN_MS / REPLICATION_WAIT_MS)
/** The rows of GitHub's answers that a replica without the token gives. */
const REFUSALS: ReadonlySet<string> = new Set([
  'bad-credentials',
  'missing-permission',
  'not-found',
  'no-such-workflow',
])

/** A POST to GitHub that starts something. */
interface Post extends Place {
  /** Below the API address. */
  path: string
  body: string
  /** The replacement of `body` for a server that does not know a field of it; null where it must know all. */
  simpler_body: string | null
  workflow: AnswerContext['workflow']
  tokens: Tokens
}

/** The rows of refusals that may be about a field that the server does not know. */
const UNKNOWN_FIELD: ReadonlySet<string> = new Set(['bad-request', 'not-startable'])

/** A GitHub connection, ready to send. Caches its tokens as long as it lives. */
export class GitHubClient {
  readonly connection: GitHubConnection
  readonly #octokit: Octokit
  readonly #tokens: Tokens
  readonly #workflow_tokens: Tokens
  /** Whether the server names runs; false once it refused to be asked, until the connection or the process is new. */
  #names_runs = true
  readonly #now: () => number
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Present names of moved repositories by the address that GitHub redirects to. */
  readonly #names = new Map<string, string>()

  constructor(connection: GitHubConnection, deps: GitHubDeps = {}) {
    this.connection = connection
    this.#now = deps.now ?? Date.now
    this.#sleep = deps.sleep ?? ((ms, signal) => sleep(ms, undefined, { signal }))
    this.#octokit = createOctokit(connection.api_url)
    const repositoriesOf = (owner: string) => deps.repositoriesOf?.(connection.name, owner) ?? null
    const options = { now: this.#now, repositoriesOf }
    this.#tokens = createTokens(connection, { ...options, permission: 'contents' })
    this.#workflow_tokens = createTokens(connection, { ...options, permission: 'actions' })
  }

  /** Returns the whole URL of a repository's dispatches. */
  dispatchUrl(owner: string, repo: string): string {
    return `${this.connection.api_url}${apiPath('repos', owner, repo, 'dispatches')}`
  }

  /**
   * Sends one dispatch: refreshes a refused token once, follows a moved repository. Never throws. The time limit of
   * the whole attempt is the caller's `signal`.
   */
  async dispatch(request: DispatchRequest, signal: AbortSignal): Promise<AttemptResult> {
    const body = JSON.stringify({ event_type: request.event_type, client_payload: request.client_payload })
    const { owner, repo } = request
    const path = apiPath('repos', owner, repo, 'dispatches')
    const rest = { simpler_body: null, workflow: null, tokens: this.#tokens }
    return await this.#attempt({ owner, repo, path, body, ...rest }, signal)
  }

  /** Returns the whole URL of a workflow's dispatches. */
  workflowUrl({ owner, repo, workflow }: Pick<WorkflowRequest, 'owner' | 'repo' | 'workflow'>): string {
    return `${this.connection.api_url}${workflowPath({ owner, repo, workflow })}`
  }

  /** Starts one workflow as {@link dispatch} does, and asks for its run where the server may know how to tell. */
  async dispatchWorkflow(request: WorkflowRequest, signal: AbortSignal): Promise<AttemptResult> {
    const { owner, repo, workflow: name, ref, inputs } = request
    const simple = JSON.stringify({ ref, inputs })
    const asking = JSON.stringify({ ref, inputs, return_run_details: true })
    const bodies = this.#names_runs
      ? { body: asking, simpler_body: simple }
      : { body: simple, simpler_body: null }
    const rest = { workflow: { name, ref }, tokens: this.#workflow_tokens }
    return await this.#attempt({ owner, repo, path: workflowPath(request), ...bodies, ...rest }, signal)
  }

  /** Returns whether a dispatch would be taken, as far as GitHub tells without one. Never throws. */
  async access({ owner, repo, workflow: name }: AccessQuestion, signal: AbortSignal): Promise<Access> {
    const path = apiPath('repos', owner, repo)
    const workflow = name === null ? null : { name, ref: '' }
    const tokens = name === null ? this.#tokens : this.#workflow_tokens
    const post: Post = { owner, repo, path, body: '', simpler_body: null, workflow, tokens }
    const record = new AttemptRecord(`${owner}/${repo}`, `${this.connection.api_url}${path}`, '')
    try {
      const { token } = await tokens.get(post, signal)
      record.hides(token)
      const answer = await call(this.#octokit, { method: 'GET', url: path, token, signal })
      if (answer.status === 200) return accessIn(answer, this.connection, name)
      const { class: kind, message, fix } = this.#meaning(answer, record, post)
      return { allowed: kind === 'ambiguous' ? null : false, status: answer.status, message, fix }
    } catch (error) {
      const { class: kind, status, message, fix } = this.#withoutDispatch(error, record, post)
      return { allowed: kind === 'ambiguous' ? null : false, status, message, fix }
    }
  }

  async #attempt(post: Post, signal: AbortSignal): Promise<AttemptResult> {
    const { owner, repo, path, body, simpler_body } = post
    const record = new AttemptRecord(`${owner}/${repo}`, `${this.connection.api_url}${path}`, body)
    try {
      const first = await this.#sendRefreshing(post, record, signal)
      const answer =
        simpler_body !== null && this.#isUnknownField(first, record, post)
          ? await this.#sendSimpler({ ...post, body: simpler_body }, record, signal)
          : first
      return record.result(this.#meaning(answer, record, post), answer.status, answer.body)
    } catch (error) {
      return this.#withoutDispatch(error, record, post)
    }
  }

  /** GitHub Enterprise Server up to 3.20 refuses the question for the run: https://github.com/cli/cli/issues/12672 */
  async #sendSimpler(post: Post, record: AttemptRecord, signal: AbortSignal): Promise<Answer> {
    record.resends(post.body)
    const answer = await this.#sendRefreshing(post, record, signal)
    if (answer.status === 204) this.#names_runs = false
    return answer
  }

  #isUnknownField(answer: Answer, record: AttemptRecord, post: Post): boolean {
    return UNKNOWN_FIELD.has(this.#meaning(answer, record, post).row)
  }

  /** Returns the login of the user behind a token, by `GET /user`; null for an App, or when GitHub doesn't say. */
  async login(signal: AbortSignal): Promise<string | null> {
    if (this.connection.auth.kind === 'app') return null
    const answer = await call(this.#octokit, {
      method: 'GET',
      url: '/user',
      token: this.connection.auth.token,
      signal,
    })
    const { login } = answerObject(answer)
    return answer.status === 200 && typeof login === 'string' && login !== '' ? login : null
  }

  async #sendRefreshing(post: Post, record: AttemptRecord, signal: AbortSignal): Promise<Answer> {
    let credential = await post.tokens.get(post, signal)
    let answer = await this.#send(credential, post, record, signal)
    let renewed = false
    for (let resent = 0; resent < MOST_RESENT && this.#isRefusal(answer, record, post); resent += 1) {
      if (this.#isFresh(credential)) {
        await this.#sleep(REPLICATION_WAIT_MS, signal)
      } else {
        if (answer.status !== 401 || renewed) break
        const next = await post.tokens.renew(post, credential, signal)
        if (next === null) break
        renewed = true
        credential = next
      }
      answer = await this.#send(credential, post, record, signal)
    }
    return answer
  }

  /** Returns whether GitHub does not know the token, or not yet what it is for. */
  #isRefusal(answer: Answer, record: AttemptRecord, post: Post): boolean {
    if (![401, 403, 404].includes(answer.status)) return false
    return REFUSALS.has(this.#meaning(answer, record, post).row)
  }

  async #send(
    { token }: Credential,
    { path, body }: Post,
    record: AttemptRecord,
    signal: AbortSignal,
  ): Promise<Answer> {
    record.hides(token)
    record.sending()
    const post = (url: string) => call(this.#octokit, { method: 'POST', url, token, body, signal })
    const first = await post(path)
    const { answer, moved_to } = await followRedirects(first, this.connection.api_url, post)
    record.answered()
    if (moved_to !== null) record.moved(await this.#presentName(moved_to, answer, token, signal))
    return answer
  }

  /** Returns the name that a moved repository has now, for the instruction; its address where GitHub doesn't say. */
  async #presentName(moved_to: string, answer: Answer, token: string, signal: AbortSignal): Promise<string> {
    const url = addressOf(moved_to)
    const known = this.#names.get(url)
    if (known !== undefined || isUnwilling(answer)) return known ?? url
    try {
      const { full_name } = answerObject(await call(this.#octokit, { method: 'GET', url, token, signal }))
      if (typeof full_name !== 'string') return url
      this.#names.set(url, full_name)
      return full_name
    } catch {
      return url
    }
  }

  #isFresh({ minted_at }: Credential): boolean {
    return minted_at !== null && this.#now() - minted_at < FRESH_TOKEN_MS
  }

  #withoutDispatch(error: unknown, record: AttemptRecord, post: Post): AttemptResult {
    const { name, api_url } = this.connection
    if (!(error instanceof TokenRefusedError)) {
      const cause = error instanceof NoAnswerError ? error.cause : error
      const unsent = 'nothing was dispatched'
      const sent = record.isInFlight ? 'the dispatch may or may not have been accepted' : unsent
      return record.result(readNoAnswer(cause, { host: new URL(api_url).host, sent, unsent }), null, null)
    }
    const { step, answer, moved_to } = error
    if (answer === null) return record.result(badKey(name), null, null)
    if (moved_to !== null) record.moved(this.#names.get(addressOf(moved_to)) ?? addressOf(moved_to))
    // The body of a refusal may still hold a token.
    const kept = step === 'token' ? null : answer.body
    return record.result(this.#meaning(answer, record, post, step), answer.status, kept)
  }

  #meaning(
    answer: Answer,
    { repository, secrets }: AttemptRecord,
    { workflow }: Post,
    step: AnswerContext['step'] = 'dispatch',
  ): ReturnType<typeof readAnswer> {
    const { name, auth, api_url } = this.connection
    const what = { repository, workflow, connection: name, api_url, auth: auth.kind, step, secrets }
    const rows = workflow === null ? GITHUB_ANSWERS : WORKFLOW_ANSWERS
    return readAnswer(answer, { now: this.#now(), ...what }, rows)
  }
}

/** Returns the address of a moved repository itself, from the address that one of its requests was redirected to. */
function addressOf(moved_to: string): string {
  return moved_to.replace(/(\/actions\/workflows\/[^/]+)?\/(dispatches|installation)$/, '')
}

function workflowPath({
  owner,
  repo,
  workflow,
}: Pick<WorkflowRequest, 'owner' | 'repo' | 'workflow'>): string {
  return apiPath('repos', owner, repo, 'actions', 'workflows', workflow, 'dispatches')
}

/** Returns whether GitHub wants no further questions now. */
function isUnwilling({ status, headers }: Answer): boolean {
  return status === 401 || status === 429 || status >= 500 || headers['retry-after'] !== undefined
}

function badKey(connection: string): Meaning {
  return {
    class: 'credentials',
    message: `The App's private key of GitHub connection ${connection} cannot be used to sign in; nothing was dispatched.`,
    fix: "Give the whole .pem file that GitHub made for the App, with its BEGIN and END lines, e.g. by GITHUB_APP_PRIVATE_KEY_FILE, and check the App's id.",
    retry_after_ms: null,
  }
}
