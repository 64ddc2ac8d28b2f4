import type { Change, Changes } from '../changes.ts'
import { createCounter, createHistogram } from './count.ts'
import type { Metric } from './exposition.ts'

/** The counts of a replica from its start on. */
export interface Counts {
  /** Shows the numbers of what is configured before there is anything to count: alerts compare with them. */
  follow(config: { sources: Iterable<string>; automations: Iterable<string> }): void
  /**
   * Counts an answer to a webhook.
   *
   * @param source the name of the source, or the route where there is none.
   * @param ms how long it took from the whole body on; absent where it was refused.
   */
  webhook: (source: string, status: number, ms?: number) => void
  /** Counts an attempt; `class` is what its answer means. */
  attempt(attempt: { destination: string; class: string; duration_ms: number }): void
  /** Notes that a delivery got through at the first try of its life, so many ms after its event was accepted. */
  delivered(ms: number): void
  /** Counts a wrong token of the API. */
  wrongToken: () => void
  /** Returns the metrics as they stand. */
  metrics(): Metric[]
}

/** Where webhooks are counted whose URL names no source: nothing that a stranger sends becomes a label. */
export const NO_SOURCE = '(unknown)'

const ENDED = ['succeeded', 'failed', 'expired']
const USUAL_STATUSES = ['200', '202', '400', '401', '500', '503']

/** Returns counts that stand at 0. Events and deliveries are counted from what `changes` tells. */
export function createCounts(changes: Pick<Changes, 'listen'>, now: () => number): Counts {
  const webhooks = createCounter(WEBHOOKS)
  const webhook_times = createHistogram(WEBHOOK_TIMES)
  const events = createCounter(EVENTS)
  const attempts = createCounter(ATTEMPTS)
  const attempt_times = createHistogram(ATTEMPT_TIMES)
  const deliveries = createCounter(DELIVERIES)
  const delays = createHistogram(DELAYS)
  const wrong_tokens = createCounter(WRONG_TOKENS)
  const last_events = new Map<string, number>()
  changes.listen((change: Change) => {
    if (change.kind === 'event') {
      events.add(change.source, kindOf(change.event_kind))
      last_events.set(change.source, now() / 1_000)
    } else if (change.kind === 'delivery' && ENDED.includes(change.status))
      deliveries.add(change.automation, change.status)
  })
  return {
    follow(config) {
      for (const source of config.sources) for (const status of USUAL_STATUSES) webhooks.show(source, status)
      for (const automation of config.automations)
        for (const status of ENDED) deliveries.show(automation, status)
    },
    webhook(source, status, ms) {
      webhooks.add(source, String(status))
      if (ms !== undefined) webhook_times.observe(Math.max(0, ms) / 1_000)
    },
    attempt({ destination, class: meaning, duration_ms }) {
      attempts.add(destination, meaning)
      attempt_times.observe(duration_ms / 1_000, destination)
    },
    delivered(ms) {
      delays.observe(Math.max(0, ms) / 1_000)
    },
    wrongToken() {
      wrong_tokens.add()
    },
    metrics: () => [
      ...[webhooks, webhook_times, events].map((one) => one.metric()),
      { ...LAST_EVENTS, type: 'gauge', samples: samplesBySource(last_events) },
      ...[attempts, attempt_times, deliveries, delays, wrong_tokens].map((one) => one.metric()),
    ],
  }
}

/** MLflow's prompt events keep their own names, of which there may be more than we know. */
const kindOf = (kind: string) => (kind.startsWith('prompt') ? 'prompt' : kind)

const samplesBySource = (values: ReadonlyMap<string, number>) =>
  [...values].map(([source, value]) => ({ labels: { source }, value }))

const WEBHOOKS = {
  name: 'model_dispatch_webhooks_total',
  help: 'Answers to webhooks, by source and HTTP status.',
  labels: ['source', 'status'],
}
const WEBHOOK_TIMES = {
  name: 'model_dispatch_webhook_duration_seconds',
  help: 'From the whole body of a webhook to its answer, of those that were taken.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
}
const EVENTS = {
  name: 'model_dispatch_events_total',
  help: 'Events that were accepted, replays and alerts of the receiver itself among them.',
  labels: ['source', 'kind'],
}
const LAST_EVENTS = {
  name: 'model_dispatch_source_last_event_timestamp_seconds',
  help: 'When this replica accepted the last event of a source; absent before the first one.',
}
const ATTEMPTS = {
  name: 'model_dispatch_attempts_total',
  help: 'Attempts, by the type of the destination and by what the answer means.',
  labels: ['destination', 'class'],
}
const ATTEMPT_TIMES = {
  name: 'model_dispatch_attempt_duration_seconds',
  help: 'How long attempts take.',
  labels: ['destination'],
  buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
}
const DELIVERIES = {
  name: 'model_dispatch_deliveries_total',
  help: 'Deliveries that have succeeded, failed or expired.',
  labels: ['automation', 'status'],
}
const DELAYS = {
  name: 'model_dispatch_delivery_delay_seconds',
  help: 'From the acceptance of an event to the success of a delivery of it that was never redelivered.',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
}
const WRONG_TOKENS = {
  name: 'model_dispatch_wrong_tokens_total',
  help: 'Wrong tokens that were sent to the API or to sign in.',
}
