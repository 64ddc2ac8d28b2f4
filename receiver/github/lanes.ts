import { type GitHubConnection, connectionKey } from './connection.ts'
import type { LanePolicy } from '../policy/lane.ts'
import type { GitHubClient } from './client.ts'

/** GitHub asks for a second between writes (docs: best practices, "Pause between mutative requests"). */
const COURTEOUS_INTERVAL_MS = 1000

const ASK_TIMEOUT_MS = 10_000

/** How long a lookup that gave no login is not repeated: GitHub asks not to ignore repeated errors. */
const ASK_AGAIN_MS = 10 * 60_000

/**
 * The lane of what a connection sends to an owner's repositories: GitHub counts its limits by identity, so lanes are
 * named by identity and never by token. An App's identity is its installation, one per owner; a token's is its user,
 * and as long as that is unknown (`login` null) the connection stands for it.
 */
export function laneOf(connection: GitHubConnection, owner: string, login: string | null): string {
  const host = apiHost(connection)
  if (connection.auth.kind === 'app')
    return `github-app:${host}:${connection.auth.app_id}/${owner.toLowerCase()}`
  return login === null
    ? `github-connection:${host}:${connection.name}`
    : `github-user:${host}:${login.toLowerCase()}`
}

function apiHost({ api_url }: GitHubConnection): string {
  return new URL(api_url).host
}

/**
 * One request at a time, at the pace of the connection whose lane it is. Where several connections share an
 * identity the slowest counts; for a lane of no present connection it is GitHub's own advice.
 */
export function lanePolicy(
  lane: string,
  connections: Iterable<GitHubConnection>,
  loginOf: (connection: GitHubConnection) => string | null,
): LanePolicy {
  const intervals = [...connections]
    .filter((connection) => usesLane(connection, lane, loginOf(connection)))
    .map(({ writes_per_second }) => (writes_per_second > 0 ? 1000 / writes_per_second : 0))
  return {
    concurrency: 1,
    interval_ms: intervals.length > 0 ? Math.max(...intervals) : COURTEOUS_INTERVAL_MS,
  }
}

function usesLane(connection: GitHubConnection, lane: string, login: string | null): boolean {
  const owner = lane.slice(lane.lastIndexOf('/') + 1)
  return lane === laneOf(connection, owner, login) || lane === laneOf(connection, owner, null)
}

/** Who is behind each connection's token. Asked once per token and then remembered. */
export class Identities {
  readonly #client: (connection: GitHubConnection) => GitHubClient
  readonly #now: () => number
  readonly #onLate: (connection: GitHubConnection, login: string) => void
  readonly #known = new Map<string, { login: string | null; asked_at: number }>()
  readonly #asking = new Map<string, Promise<string | null>>()

  /**
   * @param onLate told once when a login is learned that GitHub didn't say when it was first asked: what was accepted
   * meanwhile waits under the connection's own name.
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

  /** The login as far as it is known now. Where it isn't, it is asked for in the background. */
  login(connection: GitHubConnection): string | null {
    if (connection.auth.kind === 'app') return null
    const known = this.#known.get(connectionKey(connection))
    if (known === undefined || this.#isStale(known)) void this.resolveIdentity(connection)
    return known?.login ?? null
  }

  /** The login of the user behind the connection's token; null for an App, or while GitHub doesn't say. Never throws. */
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
