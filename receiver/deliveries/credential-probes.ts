import { connectionKey, type GitHubConnection } from '../github/connection.ts'
import { lanePrefixes } from '../github/lanes.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Store } from '../store/store.ts'

/** Tries refused credentials again as soon as they may have been corrected, instead of at the next probe. */
export interface CredentialProbes {
  /**
   * Takes note of the connections in force, and lets the lanes of those with new credentials try at once. The first
   * time all lanes do, since the credentials may have been corrected by the restart. Never throws.
   */
  follow(connections: ReadonlyMap<string, GitHubConnection>): Promise<void>
  /** Lets the lanes of these types of destinations try at once, since a secret of one may have changed. Never throws. */
  secretChanged(types: Iterable<string>): Promise<void>
  /** Calls back when lanes may try at once. */
  onProbed(listener: () => void): void
}

/** Every lane's name begins so. */
const ALL = ['']

/** Returns probes that know of no connection yet. */
export function createCredentialProbes({
  store,
  clock,
  log,
}: {
  store: Store
  clock: Clock
  log: Log
}): CredentialProbes {
  let known: ReadonlyMap<string, string> | null = null
  let onProbed: () => void = () => undefined

  async function probe(prefixes: readonly string[]): Promise<void> {
    if (prefixes.length === 0) return
    try {
      const lanes = await store.probeLanes({ prefixes, now: clock.steady() })
      for (const lane of lanes) log.info({ lane }, 'credentials may have changed: the lane is tried at once')
      if (lanes.length > 0) onProbed()
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'refused credentials could not be tried at once')
    }
  }

  return {
    async follow(connections) {
      const before = known
      known = new Map([...connections].map(([name, connection]) => [name, connectionKey(connection)]))
      const isNew = ({ name }: GitHubConnection) => before?.get(name) !== known?.get(name)
      await probe(before === null ? ALL : [...connections.values()].filter(isNew).flatMap(lanePrefixes))
    },
    secretChanged: (types) => probe(Array.from(types, (type) => `${type}:`)),
    onProbed(listener) {
      onProbed = listener
    },
  }
}
