import { type GitHubConnection, connectionKey } from './connection.ts'
import type { GitHub } from './dispatch.ts'
import { GitHubClient } from './client.ts'
import type { GitHubDeps } from './client.ts'
import { Identities } from './identities.ts'

/** {@link GitHub} with what only the receiver's own parts use. */
export interface GitHubHub extends GitHub {
  /** The client of a connection: made once, and anew when its address or credentials change. */
  client(connection: GitHubConnection): GitHubClient
  /** Who is behind a connection's token; see {@link Identities}. Never throws. */
  resolveIdentity(connection: GitHubConnection): Promise<string | null>
}

/**
 * Everything that talks to GitHub in one process. Keep one across configuration reloads: clients of unchanged
 * connections keep their tokens, and identities once learned stay known.
 */
export function createGitHub(deps: GitHubDeps = {}): GitHubHub {
  const clients = new Map<string, { key: string; client: GitHubClient }>()
  const client = (connection: GitHubConnection): GitHubClient => {
    const key = connectionKey(connection)
    const known = clients.get(connection.name)
    if (known?.key === key) return known.client
    const made = new GitHubClient(connection, deps)
    clients.set(connection.name, { key, client: made })
    return made
  }
  const identities = new Identities(client, deps.now ?? Date.now, deps.onIdentity)
  return {
    client,
    dispatchUrl: (connection, owner, repo) => client(connection).dispatchUrl(owner, repo),
    dispatch: (connection, request, signal) => client(connection).dispatch(request, signal),
    login: (connection) => identities.login(connection),
    resolveIdentity: (connection) => identities.resolveIdentity(connection),
  }
}
