import type { GitHubConnection } from '../github/connection.ts'
import type { GitHub } from '../github/dispatch.ts'
import type { DestinationType, Sender } from './destination.ts'
import { repositoryDispatch } from './repository-dispatch.ts'

/** Every kind of destination, by the `type` that a configuration names. A new one is one file and one line here. */
export const DESTINATION_TYPES: ReadonlyMap<string, DestinationType> = byType([repositoryDispatch])

/**
 * Makes every kind of destination ready to send with these connections, by type.
 * @param deps.github keep one across configuration reloads: it holds tokens and identities.
 */
export function createSenders(
  connections: ReadonlyMap<string, GitHubConnection>,
  { github, types }: { github: GitHub; types: ReadonlyMap<string, DestinationType> },
): ReadonlyMap<string, Sender> {
  const context = { connections, github }
  return new Map([...types].map(([name, type]) => [name, type.connect(context)]))
}

function byType(types: readonly DestinationType[]): ReadonlyMap<string, DestinationType> {
  return new Map(types.map((type) => [type.type, type]))
}
