import { createAppAuth } from '@octokit/auth-app'
import type { Octokit } from '@octokit/rest'
import { answerObject } from './answer-object.ts'
import type { Answer } from './answers.ts'
import { apiPath, call, createOctokit, NoAnswerError } from './api.ts'
import { followRedirects } from './redirects.ts'
import { TokenRefusedError } from './tokens.ts'
import type { Credential, Place, TokenOptions, Tokens } from './tokens.ts'

/** A token with less left is replaced before use. */
const LEAST_LEFT_MS = 5 * 60_000

/** GitHub's lifetime of an installation token, for an answer without a readable `expires_at`. */
const LIFETIME_MS = 60 * 60_000

/** Looking up an installation and minting may take so long together; many dispatches wait for one mint. */
const MINT_TIMEOUT_MS = 10_000

/** GitHub's limit of repositories that one token can be narrowed to. */
const MOST_REPOSITORIES = 500

/** What a `repository_dispatch` needs; GitHub adds `metadata: read` by itself. */
const PERMISSIONS = { contents: 'write' }

interface Minted extends Credential {
  minted_at: number
  expires_at: number
}

interface AppAuth {
  app_id: string
  private_key: string
}

/**
 * Tokens of a GitHub App: one per owner (an App has one installation per owner), shared by everything that asks at
 * the same time. `@octokit/auth-app` signs in as the App and corrects for clock skew; the cache is ours, since its
 * own keeps tokens by its own clock and shares running mints by installation id across API hosts.
 */
export class InstallationTokens implements Tokens {
  readonly #api_url: string
  readonly #octokit: Octokit
  readonly #options: TokenOptions
  readonly #installations = new Map<string, number>()
  readonly #minted = new Map<string, Minted>()
  readonly #minting = new Map<string, Promise<Minted>>()

  constructor(api_url: string, { app_id, private_key }: AppAuth, options: TokenOptions) {
    this.#api_url = api_url
    this.#options = options
    this.#octokit = createOctokit(api_url, {
      authStrategy: createAppAuth,
      auth: { appId: app_id, privateKey: private_key, log: { warn: () => undefined } },
    })
  }

  async get(place: Place, signal: AbortSignal): Promise<Credential> {
    const cached = this.#minted.get(ownerKey(place))
    if (cached !== undefined && cached.expires_at - this.#options.now() >= LEAST_LEFT_MS) return cached
    try {
      return await withSignal(this.#mint(place), signal)
    } catch (error) {
      const usable = cached !== undefined && cached.expires_at > this.#options.now()
      if (usable && error instanceof NoAnswerError) return cached
      throw error
    }
  }

  async renew(place: Place, refused: Credential, signal: AbortSignal): Promise<Credential> {
    const cached = this.#minted.get(ownerKey(place))
    if (cached !== undefined && cached.token !== refused.token) return cached
    this.#minted.delete(ownerKey(place))
    return await withSignal(this.#mint(place), signal)
  }

  #mint(place: Place): Promise<Minted> {
    const key = ownerKey(place)
    const running = this.#minting.get(key)
    if (running !== undefined) return running
    const minting = this.#mintNow(place, AbortSignal.timeout(MINT_TIMEOUT_MS))
      .then((minted) => {
        this.#minted.set(key, minted)
        return minted
      })
      .finally(() => this.#minting.delete(key))
    this.#minting.set(key, minting)
    return minting
  }

  async #mintNow(place: Place, signal: AbortSignal): Promise<Minted> {
    const known = this.#installations.get(ownerKey(place))
    const first = await this.#requestToken(
      known ?? (await this.#findInstallation(place, signal)),
      place,
      signal,
    )
    if (known === undefined || first.status !== 404) return this.#read(first)
    // The App was uninstalled and installed again since: its installation has a new id.
    this.#installations.delete(ownerKey(place))
    return this.#read(await this.#requestToken(await this.#findInstallation(place, signal), place, signal))
  }

  async #findInstallation(place: Place, signal: AbortSignal): Promise<number> {
    const url = `${apiPath('repos', place.owner, place.repo)}/installation`
    const first = await this.#asApp({ method: 'GET', url, signal }, 'installation')
    const { answer, moved_to } = await followRedirects(first, this.#api_url, async (moved) => {
      const token = await this.#appToken()
      return await call(createOctokit(this.#api_url), { method: 'GET', url: moved, token, signal })
    })
    const { id } = answerObject(answer)
    if (answer.status !== 200 || typeof id !== 'number')
      throw new TokenRefusedError('installation', answer, moved_to)
    this.#installations.set(ownerKey(place), id)
    return id
  }

  /** Narrowed to the automations' repositories where that works: one that is not there fails the whole request. */
  async #requestToken(installation: number, { owner }: Place, signal: AbortSignal): Promise<Answer> {
    const url = `${apiPath('app', 'installations', installation)}/access_tokens`
    const repositories = this.#options.repositoriesOf(owner) ?? []
    const narrow = repositories.length > 0 && repositories.length <= MOST_REPOSITORIES
    const whole = JSON.stringify({ permissions: PERMISSIONS })
    const body = narrow ? JSON.stringify({ permissions: PERMISSIONS, repositories }) : whole
    const answer = await this.#asApp({ method: 'POST', url, body, signal }, 'token')
    if (!narrow || answer.status !== 422) return answer
    return await this.#asApp({ method: 'POST', url, body: whole, signal }, 'token')
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

  #read(answer: Answer): Minted {
    const { token, expires_at } = answerObject(answer)
    if (answer.status !== 201 || typeof token !== 'string' || token === '')
      throw new TokenRefusedError('token', answer)
    const minted_at = this.#options.now()
    const expiry = typeof expires_at === 'string' ? Date.parse(expires_at) : NaN
    return { token, minted_at, expires_at: Number.isNaN(expiry) ? minted_at + LIFETIME_MS : expiry }
  }
}

/** Owners are not case-sensitive on GitHub. */
function ownerKey({ owner }: Place): string {
  return owner.toLowerCase()
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
