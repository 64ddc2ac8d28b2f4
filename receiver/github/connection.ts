import { hash } from 'node:crypto'

/** A GitHub connection, ready to use. Its token or key is the resolved secret: never log this object. */
export interface GitHubConnection {
  name: string
  /** Without a trailing slash: `https://api.github.com`, `https://HOST/api/v3`, `https://api.SUB.ghe.com`. */
  api_url: string
  auth: { kind: 'token'; token: string } | { kind: 'app'; app_id: string; private_key: string }
  /** Globs of `owner/name` that may be dispatched to; those that automations name where the configuration lists none. */
  repositories: string[]
  /** Whether the configuration lists them. Taking one off the list revokes it for accepted deliveries too. */
  listed: boolean
  /** Writes per second of one GitHub identity; 0 means no pace. */
  writes_per_second: number
}

/** Returns a hash that is equal for connections that sign in to the same place with the same credentials. */
export function connectionKey(connection: Pick<GitHubConnection, 'api_url' | 'auth'>): string {
  const known = keys.get(connection)
  if (known !== undefined) return known
  const { api_url, auth } = connection
  const key = hash('sha256', JSON.stringify([api_url, auth]), 'hex')
  keys.set(connection, key)
  return key
}

/** Every delivery asks for these: a connection never changes. */
const keys = new WeakMap<Pick<GitHubConnection, 'api_url' | 'auth'>, string>()
