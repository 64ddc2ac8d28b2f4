import { LEASE_MS } from '../../receiver/deliveries/engine.ts'
import type { GitHubConnection } from '../../receiver/github/connection.ts'
import { laneOf, lanePolicy } from '../../receiver/github/lanes.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { Claimed, Finished } from '../../receiver/store/records.ts'
import { GitHubModel, type Exchange } from './github-model.ts'
import { newEvent, numberOf, REVISION } from './new-event.ts'
import { createRandom } from './random.ts'
import { Record, type Outcome } from './record.ts'
import { openScaleStore, type ScaleStore } from './scale-store.ts'
import type { Scenario } from './scenario.ts'
import { makeTraffic, type Traffic } from './traffic.ts'

const CONCURRENCY = 64
const SAFETY_POLL_MS = 30_000
/** What arrives within this time is accepted together: the receiver itself commits more often. */
const GROUP_MS = 250
const MINUTE = 60_000
const UPKEEP_MS = 10 * MINUTE
const TAKEN_MS = 20
/** Looks in a row that find something due and can do nothing about it: the engine would spin. */
const IDLE_LOOKS = 100
/** Backlogs are counted up to here. */
const MOST = 10_000_000

interface UnderWay {
  claim: Claimed
  exchange: Exchange
  left_at: number
}

/**
 * Runs a scenario through the store's own operations and thereby its lanes, turns, retries and pauses. Time is a
 * number here: it jumps from one thing that happens to the next.
 */
export async function simulate(scenario: Scenario): Promise<Outcome> {
  const began = performance.now()
  const store = await openScaleStore()
  try {
    const simulation = new Simulation(scenario, store)
    const outcome = await simulation.run()
    return { ...outcome, took_ms: performance.now() - began }
  } finally {
    store.close()
  }
}

class Simulation {
  readonly #scenario: Scenario
  readonly #store: ScaleStore
  readonly #traffic: Traffic
  readonly #record: Record
  readonly #github: GitHubModel
  readonly #random = createRandom(7)
  readonly #connection: GitHubConnection
  #now = 0
  /** The next webhook to arrive. */
  #next = 0
  #wake_at = 0
  #upkeep = UPKEEP_MS
  #under_way: UnderWay[] = []
  /** Lanes that the last look could not get to. */
  #missed: readonly string[] = []
  #idle = 0

  constructor(scenario: Scenario, store: ScaleStore) {
    this.#scenario = scenario
    this.#store = store
    this.#traffic = makeTraffic(scenario)
    this.#record = new Record(this.#traffic.webhooks.length)
    this.#github = new GitHubModel(scenario, this.#random)
    this.#connection = {
      name: 'main',
      api_url: 'https://api.github.com',
      auth: { kind: 'app', app_id: '1', private_key: '' },
      repositories: ['*/*'],
      listed: true,
      writes_per_second: scenario.writes_per_second,
    }
  }

  async run(): Promise<Omit<Outcome, 'took_ms'>> {
    await this.#store.run('saveRevisions', { revisions: [REVISION], now: 0 })
    while (!this.#isOver()) {
      this.#now = this.#nextTime()
      const lanes = await this.#accept()
      const finished = this.#answers()
      if (lanes.length > 0 || finished.length > 0 || this.#wake_at <= this.#now) {
        await this.#advance(lanes, finished)
      }
      if (this.#upkeep <= this.#now) await this.#keepUp()
    }
    if (this.#now > this.#upkeep - UPKEEP_MS + MINUTE) await this.#keepUp()
    return this.#outcome()
  }

  #isOver(): boolean {
    const arrives = this.#next < this.#traffic.webhooks.length
    if (!this.#scenario.drain) return this.#nextTime() >= this.#scenario.duration_ms && !arrives
    return !arrives && this.#under_way.length === 0 && this.#wake_at === Infinity
  }

  #nextTime(): number {
    const arrival = this.#traffic.webhooks[this.#next]
    const group = arrival === undefined ? Infinity : arrival.at + GROUP_MS
    const answer = Math.min(...this.#under_way.map(({ exchange }) => exchange.answered_at))
    return Math.max(this.#now, Math.min(group, answer, this.#wake_at, this.#upkeep))
  }

  /** Takes in what has arrived, where a group is due; gives the lanes that have new work. */
  async #accept(): Promise<string[]> {
    const { webhooks, teams } = this.#traffic
    const from = this.#next
    if ((webhooks[from]?.at ?? Infinity) + GROUP_MS > this.#now) return []
    while ((webhooks[this.#next]?.at ?? Infinity) <= this.#now) this.#next += 1
    const events = webhooks.slice(from, this.#next).map((webhook, i) => {
      const team = teams[webhook.repository] ?? 0
      const name = laneOf(this.#connection, `team-${team}`, null)
      const policy = lanePolicy(name, [this.#connection], () => null)
      return newEvent(webhook, {
        n: from + i,
        team,
        lane: { name, policy },
        supersede: this.#scenario.supersede,
      })
    })
    const results = await this.#store.run('accept', { now: this.#now, events })
    const lanes = new Set<string>()
    results.forEach(({ outcome }, i) => {
      if (outcome === 'duplicate') {
        this.#record.duplicates += 1
        return
      }
      this.#record.accept(from + i, this.#now)
      for (const { lane } of events[i]?.deliveries ?? []) lanes.add(lane)
    })
    return [...lanes]
  }

  /** The results of the requests that are answered by now. */
  #answers(): Finished[] {
    const back = this.#under_way.filter(({ exchange }) => exchange.answered_at <= this.#now)
    if (back.length === 0) return []
    this.#under_way = this.#under_way.filter(({ exchange }) => exchange.answered_at > this.#now)
    return back.map(({ claim, exchange, left_at }) => {
      exchange.end()
      const n = numberOf(claim.id)
      if (exchange.meaning.class === 'success') this.#record.dispatch(n, claim.subject, left_at)
      this.#record.attempts[n] = (this.#record.attempts[n] ?? 0) + 1
      return this.#finished(claim, exchange, left_at)
    })
  }

  #finished(claim: Claimed, { answered_at, status, meaning }: Exchange, left_at: number): Finished {
    return {
      delivery_id: claim.id,
      lane: claim.lane,
      subject: claim.subject,
      lease: claim.lease,
      at: Math.round(left_at),
      duration_ms: Math.round(answered_at - left_at),
      class: meaning.class,
      status,
      message: meaning.message,
      fix: meaning.fix,
      request: jsonText({ method: '', url: '', body: '' }),
      response: '',
      retry_after_ms: meaning.retry_after_ms,
      random: this.#random.next(),
    }
  }

  /** One heartbeat of the engine. */
  async #advance(lanes: readonly string[], finished: readonly Finished[]): Promise<void> {
    const capacity = CONCURRENCY - this.#under_way.length
    const now = this.#now
    const { claimed, consequences, missed, wait_ms } = await this.#store.run('advance', {
      now,
      finished,
      capacity,
      lease_ms: LEASE_MS,
      lanes: [...new Set([...lanes, ...this.#missed])],
    })
    if (consequences.some(({ status }) => status === null)) {
      throw new Error(`At ${now} ms a result was not written: its claim was lost.`)
    }
    for (const claim of claimed) {
      const exchange = this.#github.dispatch(claim.lane, claim.target, now)
      this.#under_way.push({ claim, exchange, left_at: now })
    }
    this.#missed = missed
    const wait = missed.length > 0 ? 0 : wait_ms
    const isStuck = claimed.length + finished.length === 0 && wait === 0
    this.#idle = isStuck ? this.#idle + 1 : 0
    if (this.#idle > IDLE_LOOKS) throw new Error(`At ${now} ms the engine looks again and again for nothing.`)
    const isDone = wait === Infinity && this.#under_way.length === 0
    const most = isStuck ? TAKEN_MS : Math.min(wait, SAFETY_POLL_MS)
    this.#wake_at = isDone ? Infinity : Math.ceil(now + most)
  }

  /** What the receiver does now and then, and a look at how things are. */
  async #keepUp(): Promise<void> {
    const now = this.#now
    this.#upkeep = now + UPKEEP_MS
    const woken = await this.#store.run('wakeLanes', { now })
    if (woken > 0) throw new Error(`At ${now} ms ${woken} lanes had work and no wake time.`)
    await this.#store.run('sweep', { now, succeeded_ms: Infinity, failed_ms: Infinity })
    const backlog = await this.#store.run('backlog', { most: MOST })
    this.#record.sample(now, backlog, this.#store.spent)
  }

  #outcome(): Omit<Outcome, 'took_ms'> {
    const unfinished = [...this.#store.inStatus('pending'), ...this.#store.inStatus('delivering')]
    return {
      scenario: this.#scenario,
      traffic: this.#traffic,
      record: this.#record,
      statuses: this.#store.statuses(),
      waiting: new Set(unfinished.map(numberOf)),
      ended_at: this.#now,
      refused: this.#github.refused,
      requests: this.#github.requests,
      most_in_flight: this.#github.most_in_flight,
      transactions: this.#store.spent.transactions,
    }
  }
}
