import { createRandom, weighted, type Random } from './random.ts'
import type { Scenario } from './scenario.ts'

/** What an event is about: an alias, or the new version itself. */
export type Slot = 'latest' | 'staging' | 'production' | 'version'

/** One webhook that a registry sends. Equal but for `at`: the sender's repeat of the same request. */
export interface Webhook {
  /** Ms after the start. */
  at: number
  repository: number
  model: number
  slot: Slot
  version: number
}

export interface Traffic {
  /** In the order of arrival. */
  webhooks: Webhook[]
  /** The team of each repository. */
  teams: Uint16Array
  /** The repository that gets the burst. */
  noisy: number
}

/** How busy each hour of a day is: nights, mornings, two peaks in office hours. */
const HOURS = [
  0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7, 1.2, 2, 2, 2, 1.5, 2.1, 2.1, 2.1, 2.1, 1.5, 1, 0.6, 0.6, 0.6, 0.6,
  0.6,
]
/** What the traffic consists of, the burst aside. */
const SHARES = { training: 0.45, moves: 0.35 }
const MODELS = 3
/** A move is taken back and made again so often within minutes. */
const FLAPS = 0.1
/** A sender that got no answer in time sends the same again. */
const REPEATS = 0.05

/** All webhooks of a scenario. */
export function makeTraffic(scenario: Scenario): Traffic {
  const random = createRandom(scenario.seed)
  const ranks = Array.from({ length: scenario.repositories }, (_, rank) => rank)
  const teams = Uint16Array.from(ranks, (rank) => rank % scenario.teams)
  const draw = weighted(ranks.map((rank) => (rank + 1) ** -scenario.skew))
  // A repository like most others, of a team like most others.
  const noisy =
    scenario.teams * Math.floor(scenario.repositories / scenario.teams / 2) + (scenario.teams >> 1)
  const day = new Day(scenario, random, () => draw(random.next()))
  day.burst(noisy)
  day.fill()
  return { webhooks: day.inOrder(), teams, noisy }
}

class Day {
  readonly #scenario: Scenario
  readonly #random: Random
  readonly #repository: () => number
  readonly #hour = weighted(HOURS)
  readonly #webhooks: Webhook[] = []
  #version = 0

  constructor(scenario: Scenario, random: Random, repository: () => number) {
    this.#scenario = scenario
    this.#random = random
    this.#repository = repository
  }

  /** A script links every version of a model anew: none of these can stand for another. */
  burst(repository: number): void {
    const { noisy } = this.#scenario
    for (let i = 0; i < noisy.events; i++) {
      this.#add(noisy.at_ms + this.#random.next() * noisy.within_ms, repository, 0, 'version')
    }
  }

  fill(): void {
    const { events, noisy } = this.#scenario
    const all = events - noisy.events
    while (this.#webhooks.length < noisy.events + all * SHARES.training) this.#train()
    while (this.#webhooks.length < noisy.events + all * (SHARES.training + SHARES.moves)) this.#move()
    while (this.#webhooks.length < events) {
      this.#add(this.#time(), this.#repository(), this.#random.below(MODELS), 'version')
    }
  }

  inOrder(): Webhook[] {
    return this.#webhooks.sort((a, b) => a.at - b.at).slice(0, this.#scenario.events)
  }

  /** A training run: every checkpoint is a version that takes over the alias `latest`. */
  #train(): void {
    const [repository, model] = [this.#repository(), this.#random.below(MODELS)]
    const between = this.#random.between(10_000, 120_000)
    let at = this.#time()
    for (let left = 5 + this.#random.below(55); left > 0; left--) {
      this.#add(at, repository, model, 'latest')
      at += between * this.#random.between(0.8, 1.2)
    }
  }

  #move(): void {
    const [repository, model] = [this.#repository(), this.#random.below(MODELS)]
    const slot = this.#random.chance(0.3) ? 'production' : 'staging'
    let at = this.#time()
    for (let moves = this.#random.chance(FLAPS) ? 3 : 1; moves > 0; moves--) {
      this.#add(at, repository, model, slot)
      at += this.#random.between(20_000, 300_000)
    }
  }

  /** What would come after midnight comes at the start of the day, as if it had begun the day before. */
  #add(at: number, repository: number, model: number, slot: Slot): void {
    const day = this.#scenario.duration_ms
    const webhook = { at: Math.round(at) % day, repository, model, slot, version: ++this.#version }
    this.#webhooks.push(webhook)
    if (slot !== 'version' && this.#random.chance(REPEATS)) {
      this.#webhooks.push({ ...webhook, at: (webhook.at + 1_000 + this.#random.below(7_000)) % day })
    }
  }

  #time(): number {
    const hour = this.#hour(this.#random.next()) + this.#random.next()
    return (hour / HOURS.length) * this.#scenario.duration_ms
  }
}
