import type { Octokit } from '@octokit/core'
import type { Problem } from '../../src/contract/problem.ts'
import type { Answer } from '../outbound/answer.ts'
import { readNoAnswer } from '../outbound/no-answer.ts'
import { GITHUB_ANSWERS, readAnswer, type AnswerContext } from './answers.ts'
import { apiPath, call, createOctokit, NoAnswerError } from './api.ts'
import type { GitHubConnection } from './connection.ts'
import { createTokens } from './create-tokens.ts'
import type { AccessQuestion } from './dispatch.ts'
import { followRedirects } from './redirects.ts'
import { TokenRefusedError, type Tokens } from './tokens.ts'
import { WORKFLOW_ANSWERS } from './workflow-answers.ts'

/** The outcome of a question: GitHub's answer, or why there is none that helps. */
export type Examined = { answer: Answer } | { problem: Problem }

/** Asks GitHub about repositories, for people who set a connection up. Starts nothing. */
export class Examiner {
  readonly #connection: GitHubConnection
  readonly #octokit: Octokit
  readonly #tokens: Tokens
  readonly #workflow_tokens: Tokens
  readonly #now: () => number

  constructor(connection: GitHubConnection, now: () => number) {
    this.#connection = connection
    this.#now = now
    this.#octokit = createOctokit(connection.api_url)
    const options = { now, repositoriesOf: () => null }
    this.#tokens = createTokens(connection, { ...options, permission: 'contents' })
    this.#workflow_tokens = createTokens(connection, { ...options, permission: 'actions' })
  }

  /**
   * Reads what is below a repository, and follows one that has moved. A 404 is an answer. Never throws.
   * @param below the rest of the path, with its query.
   */
  async read(question: AccessQuestion, below: string, signal: AbortSignal): Promise<Examined> {
    const { owner, repo } = question
    return await this.#ask(question, async (token) => {
      const get = (url: string) => call(this.#octokit, { method: 'GET', url, token, signal })
      const first = await get(`${apiPath('repos', owner, repo)}${below}`)
      return (await followRedirects(first, this.#connection.api_url, get)).answer
    })
  }

  /**
   * Sends a dispatch without what GitHub requires in one, so that nothing can start: GitHub refuses the body with 422
   * where the credentials would do, and names the missing permission where they would not. Null where they would do.
   */
  async permission(question: AccessQuestion, signal: AbortSignal): Promise<Problem | null> {
    const { owner, repo, workflow } = question
    const below = workflow === null ? ['dispatches'] : ['actions', 'workflows', workflow, 'dispatches']
    const url = apiPath('repos', owner, repo, ...below)
    const asked = await this.#ask(question, async (token) => {
      const post = (to: string) => call(this.#octokit, { method: 'POST', url: to, token, body: '{}', signal })
      return (await followRedirects(await post(url), this.#connection.api_url, post)).answer
    })
    if ('problem' in asked) return asked.problem
    const { status } = asked.answer
    if (status === 422) return null
    return status < 300 ? tookNothing(status) : this.meaning(asked.answer, question)
  }

  /** Returns what an answer to a dispatch would mean, and what to do. */
  meaning(
    answer: Answer,
    { owner, repo, workflow }: AccessQuestion,
    step: AnswerContext['step'] = 'dispatch',
  ): Problem {
    const { name, auth, api_url } = this.#connection
    const context = {
      now: this.#now(),
      repository: `${owner}/${repo}`,
      workflow: workflow === null ? null : { name: workflow, ref: '' },
      connection: name,
      api_url,
      auth: auth.kind,
      step,
      secrets: auth.kind === 'token' ? [auth.token] : [],
    }
    const { message, fix } = readAnswer(
      answer,
      context,
      workflow === null ? GITHUB_ANSWERS : WORKFLOW_ANSWERS,
    )
    return { message, fix }
  }

  async #ask(question: AccessQuestion, ask: (token: string) => Promise<Answer>): Promise<Examined> {
    const tokens = question.workflow === null ? this.#tokens : this.#workflow_tokens
    const { api_url, name } = this.#connection
    try {
      const { token } = await tokens.get(question, AbortSignal.timeout(ASK_MS))
      return { answer: await ask(token) }
    } catch (error) {
      if (error instanceof TokenRefusedError) {
        const { answer, step } = error
        return { problem: answer === null ? badKey(name) : this.meaning(answer, question, step) }
      }
      const cause = error instanceof NoAnswerError ? error.cause : error
      const nothing = 'nothing was asked'
      const { message, fix } = readNoAnswer(cause, {
        host: new URL(api_url).host,
        sent: nothing,
        unsent: nothing,
      })
      return { problem: { message, fix } }
    }
  }
}

/** GitHub itself refuses what this asks with. */
function tookNothing(status: number): Problem {
  return {
    message: `What answers in GitHub's place is not GitHub's API: it takes an empty dispatch (HTTP ${status}).`,
    fix: 'Check GITHUB_API_URL (https://api.github.com, or https://HOST/api/v3), and whether a proxy shows a page of its own.',
  }
}

/** How long a token may take, in ms. */
const ASK_MS = 15_000

function badKey(connection: string): Problem {
  return {
    message: `The App's private key of GitHub connection ${connection} cannot be used to sign in.`,
    fix: "Give the whole .pem file that GitHub made for the App, with its BEGIN and END lines, and check the App's id.",
  }
}
