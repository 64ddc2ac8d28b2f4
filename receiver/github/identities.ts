import type { GitHubClient } from './client.ts'
import { connectionKey, type GitHubConnection } from './connection.ts'

/** How long GitHub has to say who is behind a token, in ms. */
const ASK_TIMEOUT_MS = 10_000

/** How long a look-up without result is not repeated, in ms: GitHub asks not to ignore repeated errors. */
const ASK_AGAIN_MS = 10 * 60_000

/** The login behind each connection's token. GitHub is asked once per token. */
export class Identities {
  readonly #client: (connection: GitHubConnection) => GitHubClient
  readonly #now: () => number
  readonly #onLate: (connection: GitHubConnection, login: string) => void
  readonly #known = new Map<string, { login: string | null; asked_at: number }>()
  readonly #asking = new Map<string, Promise<string | null>>()

  /**
   * @param onLate called once when GitHub names a login that it did not name at first: deliveries accepted meanwhile
   * wait under the connection's own name.
   */
  constructor(
    client: (connection: GitHubConnection) => GitHubClient,
    now: () => number,
    onLate: (connection: GitHubConnection, login: string) => void = () => undefined,
  ) {
    this.#client = client
    this.#now = now
    this.#onLate = onLate
  }

  /** Returns the login if it is known now; else null, and asks for it in the background. */
  login(connection: GitHubConnection): string | null {
    if (connection.auth.kind === 'app') return null
    const known = this.#known.get(connectionKey(connection))
    if (known === undefined || this.#isStale(known)) void this.resolveIdentity(connection)
    return known?.login ?? null
  }

  /** Returns the login behind the connection's token; null for an App, or while GitHub does not say. Never throws. */
  resolveIdentity(connection: GitHubConnection): Promise<string | null> {
    if (connection.auth.kind === 'app') return Promise.resolve(null)
    const key = connectionKey(connection)
    const known = this.#known.get(key)
    if (known !== undefined && !this.#isStale(known)) return Promise.resolve(known.login)
    const running = this.#asking.get(key)
    if (running !== undefined) return running
    const asking = this.#ask(connection, key).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #ask(connection: GitHubConnection, key: string): Promise<string | null> {
    const login = await this.#client(connection)
      .login(AbortSignal.timeout(ASK_TIMEOUT_MS))
      .catch(() => null)
    const isLate = this.#known.has(key)
    this.#known.set(key, { login, asked_at: this.#now() })
    if (isLate && login !== null) this.#onLate(connection, login)
    return login
  }

  #isStale({ login, asked_at }: { login: string | null; asked_at: number }): boolean {
    return login === null && this.#now() - asked_at >= ASK_AGAIN_MS
  }
}
