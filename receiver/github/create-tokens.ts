import type { GitHubConnection } from './connection.ts'
import { InstallationTokens } from './installation-tokens.ts'
import type { Credential, TokenOptions, Tokens } from './tokens.ts'

/** Returns the tokens of a connection: the configured one, or those of a GitHub App's installations. */
export function createTokens({ api_url, auth }: GitHubConnection, options: TokenOptions): Tokens {
  if (auth.kind === 'app') return new InstallationTokens(api_url, auth, options)
  const credential: Credential = { token: auth.token, minted_at: null }
  return { get: () => Promise.resolve(credential), renew: () => Promise.resolve(null) }
}
