import { createRequire } from 'node:module'
import type * as AuthApp from '@octokit/auth-app'
import type { Octokit } from '@octokit/core'
import { answerObject, type Answer } from '../outbound/answer.ts'
import { apiPath, call, createOctokit, NoAnswerError } from './api.ts'
import { followRedirects } from './redirects.ts'
import { TokenRefusedError, type Credential, type Place, type TokenOptions, type Tokens } from './tokens.ts'
import { serverTime } from '../outbound/retry-after.ts'

/** Loaded where an App signs in: most receivers use a token, and each module costs the start time and memory. */
const loadAuthApp = () => createRequire(import.meta.url)('@octokit/auth-app') as typeof AuthApp

/** How long a token must still be valid to be used, in ms. */
const LEAST_LEFT_MS = 5 * 60_000

/** GitHub's lifetime of an installation token, in ms; also assumed where an answer's times make no sense. */
const LIFETIME_MS = 60 * 60_000

/** How long looking up an installation and minting may take together, in ms; many dispatches wait for one mint. */
const MINT_TIMEOUT_MS = 10_000

/** GitHub's limit of repositories that one token can be narrowed to. */
const MOST_REPOSITORIES = 500

/** The repositories that a token is for; null: all of its installation. */
type Scope = {
  repositories: readonly string[]
  /** The repositories among them that no automation named when it was minted. */
  added: readonly string[]
} | null

interface Minted extends Credential {
  minted_at: number
  /** By our clock, Unix ms. */
  expires_at: number
  scope: Scope
}

interface AppAuth {
  app_id: string
  private_key: string
}

/**
 * Tokens of a GitHub App: one per owner (an App has one installation per owner), shared by everything that asks at
 * the same time. Each is narrowed to the repositories that automations name when it is minted; one that they don't
 * name any more, or not yet, makes a new token that is for it as well. `@octokit/auth-app` signs in as the App and
 * corrects for clock skew; the cache is ours, since its own keeps tokens by its own clock and shares running mints by
 * installation id across API hosts.
 */
export class InstallationTokens implements Tokens {
  readonly #api_url: string
  readonly #octokit: Octokit
  readonly #options: TokenOptions
  readonly #installations = new Map<string, number>()
  readonly #minted = new Map<string, Minted>()
  readonly #minting = new Map<string, Promise<Minted>>()
  /** The owners of moved repositories, by the owner and name that they had. */
  readonly #moved = new Map<string, string>()

  constructor(api_url: string, { app_id, private_key }: AppAuth, options: TokenOptions) {
    this.#api_url = api_url
    this.#options = options
    this.#octokit = createOctokit(api_url, {
      authStrategy: loadAuthApp().createAppAuth,
      auth: { appId: app_id, privateKey: private_key, log: { warn: () => undefined } },
    })
  }

  async get(place: Place, signal: AbortSignal): Promise<Credential> {
    const cached = this.#cached(place)
    if (cached !== null && cached.expires_at - this.#options.now() >= LEAST_LEFT_MS) return cached
    try {
      return await withSignal(this.#mint(place), signal)
    } catch (error) {
      const usable = cached !== null && cached.expires_at > this.#options.now()
      if (usable && error instanceof NoAnswerError) return cached
      throw error
    }
  }

  async renew(place: Place, refused: Credential, signal: AbortSignal): Promise<Credential> {
    const cached = this.#cached(place)
    if (cached !== null && cached.token !== refused.token) return cached
    this.#minted.delete(this.#owner(place))
    return await withSignal(this.#mint(place), signal)
  }

  /** Owners are not case-sensitive on GitHub. */
  #owner(place: Place): string {
    return this.#moved.get(fullName(place)) ?? place.owner.toLowerCase()
  }

  /** Returns the owner's cached token if it covers this repository, else null. */
  #cached(place: Place): Minted | null {
    const minted = this.#minted.get(this.#owner(place))
    return minted !== undefined && covers(minted.scope, place) ? minted : null
  }

  async #mint(place: Place): Promise<Minted> {
    const owner = this.#owner(place)
    const running = this.#minting.get(owner)
    if (running !== undefined) {
      await running
      return this.#cached(place) ?? (await this.#mint(place))
    }
    const minting = this.#mintNow(place, AbortSignal.timeout(MINT_TIMEOUT_MS))
      .then((minted) => {
        this.#minted.set(this.#owner(place), minted)
        return minted
      })
      .finally(() => this.#minting.delete(owner))
    this.#minting.set(owner, minting)
    return await minting
  }

  async #mintNow(place: Place, signal: AbortSignal): Promise<Minted> {
    const scope = this.#scope(place)
    const known = this.#installations.get(this.#owner(place))
    const first = await this.#request(known ?? (await this.#findInstallation(place, signal)), scope, signal)
    if (known === undefined || first.answer.status !== 404) return this.#read(first)
    // The App was uninstalled and installed again since: its installation has a new id.
    this.#installations.delete(this.#owner(place))
    return this.#read(await this.#request(await this.#findInstallation(place, signal), scope, signal))
  }

  /**
   * Returns the scope of the owner's next token: the repositories that automations name, this one, and what the present token
   * was widened by, so that two repositories that nobody names any more do not take turns at minting.
   */
  #scope(place: Place): Scope {
    const named = this.#options.repositoriesOf(place.owner)
    if (named === null) return null
    const present = this.#minted.get(this.#owner(place))
    const isValid = present !== undefined && present.expires_at > this.#options.now()
    const before = isValid ? (present.scope?.added ?? []) : []
    const names = unique([...named, ...before, place.repo])
    const added = names.slice(unique(named).length)
    return names.length > MOST_REPOSITORIES ? null : { repositories: names, added }
  }

  async #findInstallation(place: Place, signal: AbortSignal): Promise<number> {
    const url = `${apiPath('repos', place.owner, place.repo)}/installation`
    const first = await this.#asApp({ method: 'GET', url, signal }, 'installation')
    const { answer, moved_to } = await followRedirects(first, this.#api_url, async (moved) => {
      const token = await this.#appToken()
      return await call(createOctokit(this.#api_url), { method: 'GET', url: moved, token, signal })
    })
    const { id, account } = answerObject(answer)
    if (answer.status !== 200 || typeof id !== 'number')
      throw new TokenRefusedError('installation', answer, moved_to)
    const login = loginOf(account)
    // A repository that was given away has another installation, which is not that of its old neighbours.
    if (moved_to !== null && login !== null) this.#moved.set(fullName(place), login.toLowerCase())
    else this.#moved.delete(fullName(place))
    this.#installations.set(this.#owner(place), id)
    return id
  }

  /** Narrowed to the scope where that works: one repository that is not there fails the whole request. */
  async #request(
    installation: number,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<{ answer: Answer; scope: Scope }> {
    const url = `${apiPath('app', 'installations', installation)}/access_tokens`
    const ask = async (scope: Scope) => {
      const repositories = scope === null ? {} : { repositories: scope.repositories }
      const body = JSON.stringify({ permissions: { [this.#options.permission]: 'write' }, ...repositories })
      return { answer: await this.#asApp({ method: 'POST', url, body, signal }, 'token'), scope }
    }
    const narrow = await ask(scope)
    return scope === null || narrow.answer.status !== 422 ? narrow : await ask(null)
  }

  async #asApp(request: Parameters<typeof call>[1], step: 'installation' | 'token'): Promise<Answer> {
    try {
      return await call(this.#octokit, request)
    } catch (error) {
      if (error instanceof NoAnswerError) throw error
      throw new TokenRefusedError(step, null)
    }
  }

  async #appToken(): Promise<string> {
    const { token } = (await this.#octokit.auth({ type: 'app' })) as { token: string }
    return token
  }

  #read({ answer, scope }: { answer: Answer; scope: Scope }): Minted {
    const { token, expires_at } = answerObject(answer)
    if (answer.status !== 201 || typeof token !== 'string' || token === '')
      throw new TokenRefusedError('token', answer)
    const minted_at = this.#options.now()
    // Its end is a time of GitHub's clock, from which ours may differ.
    const left = Date.parse(String(expires_at)) - serverTime(answer.headers, minted_at)
    const lifetime = left > 0 ? Math.min(left, LIFETIME_MS) : LIFETIME_MS
    return { token, minted_at, expires_at: minted_at + lifetime, scope }
  }
}

function fullName({ owner, repo }: Place): string {
  return `${owner}/${repo}`.toLowerCase()
}

/** Returns each name once, as it was written first: repository names are not case-sensitive. */
function unique(names: readonly string[]): string[] {
  const byLowerCase = new Map<string, string>()
  for (const name of names) {
    if (!byLowerCase.has(name.toLowerCase())) byLowerCase.set(name.toLowerCase(), name)
  }
  return [...byLowerCase.values()]
}

function covers(scope: Scope, { repo }: Place): boolean {
  return scope === null || scope.repositories.some((name) => name.toLowerCase() === repo.toLowerCase())
}

function loginOf(account: unknown): string | null {
  if (typeof account !== 'object' || account === null || !('login' in account)) return null
  return typeof account.login === 'string' ? account.login : null
}

/** Waits for shared work, no longer than the signal lets this caller; the work goes on for the others. */
async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const gone = Promise.withResolvers<never>()
  const stop = (): void => gone.reject(new NoAnswerError(signal.reason))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, gone.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
