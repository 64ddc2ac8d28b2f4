import { readAnswer } from '../../receiver/github/answers.ts'
import type { Meaning } from '../../receiver/policy/attempt.ts'
import { GITHUB_LIMITS, Limits } from '../standins/github/limits.ts'
import { realAnswer, type WireAnswer } from '../standins/github/real-answers.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'

/** One dispatch and what came of it. */
export interface Exchange {
  /** When the answer is back. */
  answered_at: number
  status: number
  meaning: Meaning
  /** Tells GitHub that the request is over; call it when the answer is back. */
  end(): void
}

/** GitHub as its documentation describes it: limits by identity, latency, an outage. */
export class GitHubModel {
  readonly #limits: Limits
  readonly #scenario: Scenario
  readonly #random: Random
  /** Requests that GitHub refused because a limit was exceeded. */
  refused = 0
  requests = 0

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario
    this.#random = random
    const countDispatchAsContent = scenario.reading === 'strict'
    this.#limits = new Limits({ ...GITHUB_LIMITS, countDispatchAsContent })
  }

  /** Requests of one identity that were under way at the same time, at most. */
  get most_in_flight(): number {
    return Math.max(0, ...[...this.#limits.identities.values()].map((usage) => usage.most_in_flight))
  }

  /** A dispatch that leaves at `now`, ms after the start. */
  dispatch(identity: string, repository: string, now: number): Exchange {
    const latency = Math.round(this.#random.between(...this.#scenario.latency_ms))
    const arrival = now + latency * this.#random.between(0.2, 0.6)
    const end = this.#limits.begin(identity, 'POST', arrival)
    const answer = this.#answer(identity, arrival)
    const meaning = readAnswer(answer, {
      now: arrival,
      repository,
      connection: 'main',
      api_url: 'https://api.github.com',
      workflow: null,
      auth: 'app',
      step: 'dispatch',
      secrets: [],
    })
    this.requests += 1
    return { answered_at: now + latency, status: answer.status, meaning, end }
  }

  #answer(identity: string, now: number): WireAnswer {
    const setting = { now, url: 'https://api.github.com' }
    const { outage, hiccups } = this.#scenario
    const isOut = now >= outage.from_ms && now < outage.to_ms
    if (isOut || this.#random.chance(hiccups)) return realAnswer('bad-gateway', setting)
    const refusal = this.#limits.refusal(identity, 'POST', true, setting)
    if (refusal !== null) this.refused += 1
    return refusal ?? realAnswer('accepted', setting)
  }
}
