import { matchesGlob } from '../../src/contract/glob.ts'
import type { DispatchesConfig } from '../config/config.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { DestinationType } from '../destinations/destination.ts'
import type { RepositoriesOf } from '../github/dispatch.ts'

/**
 * Returns the repositories that the destinations of these automations and `dispatches` name. Disabled automations do not
 * count; an owner of whom one depends on the event or the request has no list.
 */
export function namedRepositories(
  automations: readonly AutomationSpec[],
  types: ReadonlyMap<string, DestinationType>,
  dispatches: readonly DispatchesConfig[] = [],
): RepositoriesOf {
  const named = new Map<string, string[] | null>()
  const keyOf = (connection: string, owner: string) => JSON.stringify([connection, owner.toLowerCase()])
  const destinations = automations
    .filter(({ status }) => status !== 'disabled')
    .flatMap((automation) => automation.destinations)
  for (const settings of destinations) {
    const found = types.get(settings.type)?.repository?.(settings)
    if (found === undefined) continue
    const key = keyOf(found.connection, found.owner)
    const before = named.get(key)
    named.set(key, found.name === null || before === null ? null : [...(before ?? []), found.name])
  }
  return (connection, owner) => {
    const list = named.get(keyOf(connection, owner)) ?? []
    const globs = dispatches
      .filter((one) => one.connection === connection)
      .flatMap(({ repositories }) => repositories.map((glob) => glob.split('/')))
      .filter(([glob = '']) => matchesGlob(glob.toLowerCase(), owner.toLowerCase()))
      .map(([, name = '']) => name)
    if (named.get(keyOf(connection, owner)) === null || globs.some((name) => /[*?]/.test(name))) return null
    return [...list, ...globs]
  }
}
