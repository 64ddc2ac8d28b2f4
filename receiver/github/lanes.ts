import type { GitHubConnection } from './connection.ts'
import type { LanePolicy } from '../policy/lane.ts'

/** GitHub asks for a second between writes (docs: best practices, "Pause between mutative requests"). */
const COURTEOUS_INTERVAL_MS = 1000

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

/**
 * Returns how the names of the lanes begin that a connection can use, whoever its credentials belong to: those of a
 * token's user are not known before GitHub has said who that is.
 */
export function lanePrefixes(connection: GitHubConnection): string[] {
  const host = apiHost(connection)
  return connection.auth.kind === 'app'
    ? [`github-app:${host}:${connection.auth.app_id}/`]
    : [`github-user:${host}:`, `github-connection:${host}:${connection.name}`]
}

function apiHost(connection: GitHubConnection): string {
  const known = hosts.get(connection)
  if (known !== undefined) return known
  const { host } = new URL(connection.api_url)
  hosts.set(connection, host)
  return host
}

/** Every delivery asks for these: a connection never changes. */
const hosts = new WeakMap<GitHubConnection, string>()

/**
 * Sends requests strictly in turn, at the pace of the connection whose lane it is. Where several connections share an
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
