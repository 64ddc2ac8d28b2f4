import type { GitHubConnection } from '../github/connection.ts'
import type { GitHubHub } from '../github/github.ts'
import { laneOf } from '../github/lanes.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Store } from '../store/store.ts'

/** The lanes of tokens: a user's limits hold for all of that user's tokens, so their deliveries share one lane. */
export interface LaneNames {
  /** Moves the deliveries that wait under a connection's name to the lane of the user behind its token. */
  join(connection: GitHubConnection, login: string): Promise<void>
}

/** Returns what joins lanes. A failure is logged: the next configuration tries again. */
export function createLaneNames({ store, clock, log }: { store: Store; clock: Clock; log: Log }): LaneNames {
  return {
    async join(connection, login) {
      const from = laneOf(connection, '', null)
      const to = laneOf(connection, '', login)
      try {
        await store.renameLane({ from, to, now: clock.steady() })
      } catch (error) {
        log.warn(
          { reason: reasonOf(error) },
          'the lane of a GitHub user could not be joined; it is tried again on reload',
        )
      }
    },
  }
}

/** Asks GitHub who is behind each connection's token, and joins the lanes. Never throws. */
export async function learnIdentities(
  connections: Iterable<GitHubConnection>,
  github: GitHubHub,
  lane_names: LaneNames,
): Promise<void> {
  for (const connection of connections) {
    const login = await github.resolveIdentity(connection)
    if (login !== null && connection.auth.kind !== 'app') await lane_names.join(connection, login)
  }
}
