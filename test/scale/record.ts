import type { DeliveryStatus } from '../../receiver/store/records.ts'
import type { Scenario } from './scenario.ts'
import type { Traffic } from './traffic.ts'

/** The state of things at one time. */
export interface Sample {
  at: number
  backlog: number
  /** Since the sample before. */
  accepted: number
  dispatched: number
  transactions: number
  /** Mean time of a transaction since the sample before, ms of this machine. */
  transaction_ms: number
}

/** What happened to each webhook; times in ms after the start, NaN for never. */
export class Record {
  readonly accepted_at: Float64Array
  /** When the request left that GitHub accepted. */
  readonly dispatched_at: Float64Array
  readonly attempts: Uint8Array
  readonly samples: Sample[] = []
  accepted = 0
  duplicates = 0
  dispatched = 0
  /** Dispatches that came after a newer one of their subject. */
  out_of_order = 0
  /** The last dispatched webhook of each subject. */
  readonly #last = new Map<string, number>()
  #before = { accepted: 0, dispatched: 0, transactions: 0, ms: 0 }

  constructor(webhooks: number) {
    this.accepted_at = new Float64Array(webhooks).fill(NaN)
    this.dispatched_at = new Float64Array(webhooks).fill(NaN)
    this.attempts = new Uint8Array(webhooks)
  }

  accept(n: number, now: number): void {
    this.accepted_at[n] = now
    this.accepted += 1
  }

  dispatch(n: number, subject: string, left_at: number): void {
    this.dispatched_at[n] = left_at
    this.dispatched += 1
    if ((this.#last.get(subject) ?? -1) > n) this.out_of_order += 1
    this.#last.set(subject, n)
  }

  sample(at: number, backlog: number, spent: { transactions: number; ms: number }): void {
    const { accepted, dispatched } = this
    const before = this.#before
    const transactions = spent.transactions - before.transactions
    this.samples.push({
      at,
      backlog,
      accepted: accepted - before.accepted,
      dispatched: dispatched - before.dispatched,
      transactions,
      transaction_ms: (spent.ms - before.ms) / Math.max(1, transactions),
    })
    this.#before = { accepted, dispatched, ...spent }
  }
}

/** All that a run showed. */
export interface Outcome {
  scenario: Scenario
  traffic: Traffic
  record: Record
  statuses: ReadonlyMap<DeliveryStatus, number>
  /** Webhooks whose delivery still waited at the end. */
  waiting: ReadonlySet<number>
  ended_at: number
  /** Requests that GitHub refused because of a limit. */
  refused: number
  requests: number
  most_in_flight: number
  transactions: number
  /** Real time of the run, ms. */
  took_ms: number
}
