import { hash } from 'node:crypto'
import type { GitHubConnection } from '../config/config.ts'

/** Equal for connections that sign in to the same place with the same credentials. A hash: it may be compared and kept. */
export function connectionKey({ api_url, auth }: Pick<GitHubConnection, 'api_url' | 'auth'>): string {
  return hash('sha256', JSON.stringify([api_url, auth]), 'hex')
}
