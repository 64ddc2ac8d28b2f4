import type { GitHubConnection } from '../../receiver/github/connection.ts'
import type { DispatchRequest } from '../../receiver/github/dispatch.ts'

/** A personal token as GitHub makes them. */
export const TOKEN = `ghp_${'aB3dE5fG7hJ9kL1mN3pQ'.repeat(2)}`

/** A connection with a personal token. */
export function tokenConnection(given: Partial<GitHubConnection> = {}): GitHubConnection {
  return {
    name: 'main',
    api_url: 'https://api.github.com',
    auth: { kind: 'token', token: TOKEN },
    repositories: ['acme/*'],
    listed: true,
    writes_per_second: 1,
    ...given,
  }
}

/** A connection by a GitHub App. */
export function appConnection(private_key: string, given: Partial<GitHubConnection> = {}): GitHubConnection {
  return tokenConnection({ auth: { kind: 'app', app_id: '1234', private_key }, ...given })
}

/** A small dispatch to acme/serving. */
export function dispatchTo(repo = 'serving'): DispatchRequest {
  return { owner: 'acme', repo, event_type: 'deploy-model', client_payload: { alias: 'production' } }
}

/** A time limit that no test reaches. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
