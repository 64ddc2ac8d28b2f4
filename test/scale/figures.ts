import type { Outcome } from './record.ts'
import type { Webhook } from './traffic.ts'

/**
 * Waiting times in seconds. Those still waiting at the end count with their age; `at_least` says that they are so
 * many (over one in 200) that the true figures may be well above.
 */
export interface Waits {
  deliveries: number
  p50: number
  p95: number
  p99: number
  longest: number
  at_least: boolean
}

export interface Team {
  team: number
  accepted: number
  waits: Waits
  superseded: number
  waiting: number
}

/** From accept to the request that GitHub took, for the webhooks that `counts` names. Superseded ones don't count. */
export function waitsOf(outcome: Outcome, counts: (n: number) => boolean): Waits {
  const { record, waiting, ended_at } = outcome
  const waits: number[] = []
  let still = 0
  record.accepted_at.forEach((accepted, n) => {
    if (Number.isNaN(accepted) || !counts(n)) return
    const isWaiting = waiting.has(n)
    if (isWaiting) still += 1
    const left = isWaiting ? ended_at : (record.dispatched_at[n] ?? NaN)
    if (!Number.isNaN(left)) waits.push((left - accepted) / 1000)
  })
  const sorted = Float64Array.from(waits).sort()
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN
  const at_least = still > sorted.length / 200
  return { deliveries: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1), at_least }
}

/** Every team, the busiest first. */
export function teamsOf(outcome: Outcome): Team[] {
  const { scenario } = outcome
  const teamOf = (n: number) => teamAt(outcome, n)
  const teams = Array.from({ length: scenario.teams }, (_, team) => ({ team, accepted: 0, superseded: 0 }))
  outcome.record.accepted_at.forEach((accepted, n) => {
    const team = teams[teamOf(n)]
    if (team === undefined || Number.isNaN(accepted)) return
    team.accepted += 1
    const isOver = Number.isNaN(outcome.record.dispatched_at[n]) && !outcome.waiting.has(n)
    if (isOver) team.superseded += 1
  })
  const waiting = new Uint32Array(scenario.teams)
  for (const n of outcome.waiting) waiting[teamOf(n)] = (waiting[teamOf(n)] ?? 0) + 1
  return teams
    .map((team) => ({
      ...team,
      waits: waitsOf(outcome, (n) => teamOf(n) === team.team),
      waiting: waiting[team.team] ?? 0,
    }))
    .sort((a, b) => b.accepted - a.accepted)
}

/** Repositories of the noisy one's team that are quiet themselves: how long theirs waited before and in the burst. */
export function besideNoisy(outcome: Outcome): { before: Waits; during: Waits; drained_at: number } {
  const { scenario, traffic, record } = outcome
  const team = traffic.teams[traffic.noisy] ?? 0
  const busy = new Map<number, number>()
  for (const { repository } of traffic.webhooks) busy.set(repository, (busy.get(repository) ?? 0) + 1)
  const isQuiet = (repository: number) =>
    traffic.teams[repository] === team && (busy.get(repository) ?? 0) <= scenario.noisy.events / 10
  const from = scenario.noisy.at_ms
  const isBurst = ({ repository, at }: Webhook) =>
    repository === traffic.noisy && at >= from && at < from + scenario.noisy.within_ms
  const last = traffic.webhooks.reduce((latest, webhook, n) => {
    if (!isBurst(webhook)) return latest
    const left = outcome.waiting.has(n) ? outcome.ended_at : (record.dispatched_at[n] ?? NaN)
    return left > latest ? left : latest
  }, from)
  const among = (start: number, end: number) =>
    waitsOf(outcome, (n) => {
      const { repository = -1, at = -1 } = traffic.webhooks[n] ?? {}
      return at >= start && at < end && repository !== traffic.noisy && isQuiet(repository)
    })
  const after_outage =
    scenario.outage.to_ms < from ? scenario.outage.to_ms + scenario.noisy.within_ms * 10 : 0
  return { before: among(after_outage, from), during: among(from, last), drained_at: last }
}

/** How many deliveries needed so many requests, superseded ones included; index 0: none was ever made. */
export function attemptsOf({ record }: Outcome): number[] {
  const counts: number[] = []
  record.accepted_at.forEach((accepted, n) => {
    if (Number.isNaN(accepted)) return
    const attempts = record.attempts[n] ?? 0
    counts[attempts] = (counts[attempts] ?? 0) + 1
  })
  return Array.from(counts, (count: number | undefined) => count ?? 0)
}

function teamAt({ traffic }: Outcome, n: number): number {
  return traffic.teams[traffic.webhooks[n]?.repository ?? 0] ?? 0
}
