import { type GitHubConnection, connectionKey } from './connection.ts'
import type { GitHub } from './dispatch.ts'
import { GitHubClient, type GitHubDeps } from './client.ts'
import { Identities } from './identities.ts'

/** {@link GitHub} with the operations that only the receiver itself uses. */
export interface GitHubHub extends GitHub {
  /** Returns the client of a connection: made once, and anew when its address or credentials change. */
  client(connection: GitHubConnection): GitHubClient
  /** Returns the login behind a connection's token; see {@link Identities}. Never throws. */
  resolveIdentity(connection: GitHubConnection): Promise<string | null>
}

/**
 * Makes everything that talks to GitHub in one process. Keep it across configuration reloads: clients of unchanged
 * connections keep their tokens, and identities stay known once they are learned.
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
    workflowUrl: (connection, place) => client(connection).workflowUrl(place),
    dispatchWorkflow: (connection, request, signal) => client(connection).dispatchWorkflow(request, signal),
    access: (connection, question, signal) => client(connection).access(question, signal),
    login: (connection) => identities.login(connection),
    resolveIdentity: (connection) => identities.resolveIdentity(connection),
  }
}
