import type { NewDelivery } from '../../receiver/store/records.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * GitHub doesn't say whether a dispatch counts as "content creation" (80 a minute, 500 an hour). Strict: it does.
 */
export type Reading = 'lenient' | 'strict'

/** The pace that belongs to a reading: GitHub's advice of one write a second, or what 500 an hour allow. */
export const PACES: Readonly<Record<Reading, number>> = { lenient: 1, strict: 0.138 }

/** Everything that decides a run: the same scenario gives the same figures. */
export interface Scenario {
  seed: number
  /** Webhooks that arrive, the noisy team's and senders' repeats included. */
  events: number
  /** GitHub installations, one per team, each a lane of its own. */
  teams: number
  repositories: number
  /** How fast the weight of a repository falls with its rank: weight = rank ^ -skew. */
  skew: number
  duration_ms: number
  /** One repository of the middle team gets so many at once. */
  noisy: { events: number; at_ms: number; within_ms: number }
  outage: { from_ms: number; to_ms: number }
  latency_ms: readonly [number, number]
  /** Share of requests that GitHub answers with 502 on an ordinary day. */
  hiccups: number
  reading: Reading
  writes_per_second: number
  supersede: NewDelivery['supersede']
  /** Goes on after the last webhook until nothing waits. */
  drain: boolean
}

export type ScenarioOptions = Partial<Scenario> & Pick<Scenario, 'events'>

/**
 * One day of so many events: 20,000 a day for each team and 100 repositories in it, one in a hundred from the noisy
 * team's burst, an outage of 20 minutes in the morning.
 */
export function scenarioOf({ events, ...parts }: ScenarioOptions): Scenario {
  const teams = parts.teams ?? Math.max(2, Math.round(events / 20_000))
  const reading = parts.reading ?? 'lenient'
  return {
    seed: 1,
    events,
    teams,
    repositories: 100 * teams,
    skew: 0.8,
    duration_ms: 24 * HOUR,
    noisy: { events: Math.round(events / 100), at_ms: 14 * HOUR, within_ms: MINUTE },
    outage: { from_ms: 10 * HOUR, to_ms: 10 * HOUR + 20 * MINUTE },
    latency_ms: [150, 400],
    hiccups: 0.0005,
    reading,
    writes_per_second: PACES[reading],
    supersede: 'retrying',
    drain: false,
    ...parts,
  }
}
