import { hash } from 'node:crypto'
import { titleText } from '../../src/contract/event-title.ts'
import { NO_CHANGE, OWN_SOURCE, type JsonObject, type ModelEvent } from '../../src/contract/model-event.ts'
import type { ConfigProblem, SourceConfig } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { SourceEvent } from '../sources/source.ts'
import { parse } from '../store/json-text.ts'
import type { Consequence, GivenUp, NewDelivery } from '../store/records.ts'
import type { Attempt } from './attempt.ts'
import type { Silence } from './silences.ts'

/** At most one event per cause is raised in this time, in ms, over all replicas. */
const QUIET_MS = 15 * 60_000
/**
 * How long a cause is quiet whose event could not be stored, in ms: not at all would let strangers whose requests are
 * refused raise any number.
 */
const UNSTORED_QUIET_MS = 5_000
/** How long a silence is told but once, in ms: longer than `silent_after` can be. */
const SILENCE_QUIET_MS = 4_000 * 86_400_000
/** Refused requests within the quiet time before a source counts as rejecting. */
const REJECTIONS = 5

/** The receiver's own source: what goes wrong in it, as events that automations can name. */
export interface Alerts {
  /** Tells what an attempt led to: a dead letter, a recovery, a paused lane. */
  attempted(attempt: Attempt, consequence: Consequence): void
  /** Tells of a delivery that ended without an attempt that said so. */
  gaveUp(delivery: GivenUp): void
  /** Tells of an event that could not be turned into a request. */
  undeliverable(event: ModelEvent, delivery: Undeliverable): void
  /** Tells that a request to this source was refused; null stands for all names that no source has. */
  rejected: (source: string | null, reason: string) => void
  /** Tells that a source sends nothing: once for as long as that lasts. */
  silent: (silence: Silence) => void
  /** Tells that a changed configuration could not be used. */
  refused: (problems: readonly ConfigProblem[]) => void
}

/** A delivery that has no valid target, and why. */
export type Undeliverable = Pick<NewDelivery, 'id' | 'automation'> & NonNullable<NewDelivery['error']>

/** The pseudo source under which alerts are taken in. */
export const OWN_SOURCE_CONFIG: SourceConfig = {
  name: OWN_SOURCE,
  type: OWN_SOURCE,
  credentials: { secrets: [], access_token: null, authorization: null },
  insecure: false,
  allow: {},
  body_limit: 0,
  dedupe_ms: null,
  repeats: 'accept',
  lookup: null,
  silent_after_ms: null,
  settings: {},
}

/** The means to raise alerts. */
export interface AlertsOptions {
  /** Hands an event to the store as if a registry had sent it. */
  take: (event: SourceEvent, raw: Buffer) => Promise<unknown>
  /** The receiver's own address for links, without a slash at its end; null where it is not known. */
  public_url: string | null
  clock: Clock
  log: Log
}

/** Something to tell people. */
interface Alert {
  type:
    | 'delivery.failed'
    | 'delivery.recovered'
    | 'lane.paused'
    | 'source.rejecting'
    | 'source.silent'
    | 'config.refused'
  /** Alerts of one type and cause are raised once in the quiet time. */
  cause: string
  title: string
  model: ModelEvent['model']
  extra: JsonObject
  /** How long the cause is quiet, in ms. Default: 15 minutes. */
  quiet_ms?: number
}

/** Returns what raises alerts: each at most once per cause in the quiet time. */
export function createAlerts({ take, public_url, clock, log }: AlertsOptions): Alerts {
  /** Until when each cause is quiet, ms of the steady clock. */
  const quiet = new Map<string, number>()
  const rejections = new Map<string, number[]>()

  function raise(alert: Alert): void {
    const { type, cause, title, quiet_ms = QUIET_MS } = alert
    const extra = { ...alert.extra, ...linkOf(alert, public_url) }
    const now = clock.steady()
    const key = hash('sha256', `${type}\n${cause}`, 'hex')
    if (now < (quiet.get(key) ?? -Infinity)) return
    for (const [old, until] of quiet) if (now >= until) quiet.delete(old)
    quiet.set(key, now + quiet_ms)
    const raw = Buffer.from(JSON.stringify({ event: type, title, ...extra }))
    take(toSourceEvent({ ...alert, extra }, key), raw).catch((error: unknown) => {
      quiet.set(key, clock.steady() + UNSTORED_QUIET_MS)
      log.error({ type, reason: reasonOf(error) }, 'an alert could not be stored')
    })
  }

  /** Counts a refusal. Returns whether there were enough of them. */
  function isRejecting(source: string): boolean {
    const now = clock.steady()
    const recent = (rejections.get(source) ?? []).filter((at) => now - at < QUIET_MS)
    rejections.set(source, [...recent, now].slice(-REJECTIONS))
    return recent.length + 1 >= REJECTIONS
  }

  return {
    attempted(attempt, consequence) {
      for (const alert of attemptAlerts(attempt, consequence)) raise(alert)
    },
    gaveUp(delivery) {
      const event = parse(delivery.event)
      if (!isAlert(event)) raise(givenUpAlert(delivery, event))
    },
    undeliverable(event, delivery) {
      if (!isAlert(event)) raise(undeliverableAlert(event, delivery))
    },
    rejected(source, reason) {
      const cause = source ?? ''
      if (!isRejecting(cause)) return
      const who = source === null ? 'the receiver' : `source ${source}`
      const title = `${who} refuses requests: ${reason}`
      raise({ type: 'source.rejecting', cause, title, model: null, extra: { source, reason } })
    },
    silent(silence) {
      raise(silentAlert(silence))
    },
    refused(problems) {
      raise(refusedAlert(problems))
    },
  }
}

/** Returns where the receiver tells more: of the delivery, else of the configuration that was refused. */
function linkOf({ type, extra }: Alert, public_url: string | null): { url?: string } {
  const { delivery_id } = extra
  if (public_url === null) return {}
  if (typeof delivery_id === 'string') return { url: `${public_url}/api/v1/deliveries/${delivery_id}` }
  return type === 'config.refused' ? { url: `${public_url}/api/v1/configuration` } : {}
}

/** Returns whether an event is an alert: one that fails raises no alert. */
const isAlert = (event: ModelEvent) => event.source.name === OWN_SOURCE

function attemptAlerts({ claim, result }: Attempt, { status, recovered, paused }: Consequence): Alert[] {
  const event = parse(claim.event)
  const { automation, target, lane } = claim
  const where = { automation, target, lane, delivery_id: claim.id, event_id: claim.event_id }
  const why = { class: result.class, reason: result.message, fix: result.fix }
  const alerts: Alert[] = []
  if (status === 'failed' && !isAlert(event)) {
    const cause = `${automation}\n${target}\n${result.class}`
    const title = `delivery to ${target} failed: ${result.message}`
    alerts.push({ type: 'delivery.failed', cause, title, model: event.model, extra: { ...where, ...why } })
  }
  if (recovered && !isAlert(event)) {
    const cause = `${automation}\n${target}`
    const title = `deliveries to ${target} get through again`
    alerts.push({ type: 'delivery.recovered', cause, title, model: event.model, extra: where })
  }
  // That the lane of an alert is paused is news for all who use the lane.
  if (paused !== null) {
    const until = new Date(paused.until).toISOString()
    const cause = `${lane}\n${paused.reason}`
    const title = `${lane} is paused until ${until}: ${paused.message}`
    const extra = { lane, cause: paused.reason, until, delivery_id: claim.id, ...why }
    alerts.push({ type: 'lane.paused', cause, title, model: null, extra })
  }
  return alerts
}

function givenUpAlert(delivery: GivenUp, { model }: ModelEvent): Alert {
  const { id: delivery_id, automation, target, lane, event_id, status, message: reason, fix } = delivery
  const cause = `${automation}\n${target}\n${delivery.class}`
  const title = `delivery to ${target} ${status}: ${reason}`
  const extra = { automation, target, lane, delivery_id, event_id, class: delivery.class, reason, fix }
  return { type: 'delivery.failed', cause, title, model, extra }
}

function undeliverableAlert(event: ModelEvent, delivery: Undeliverable): Alert {
  const { id: delivery_id, automation, message: reason, fix } = delivery
  // The message quotes the event: with it in the cause, a sender could raise any number of alerts.
  const cause = `${automation}\n${delivery.class}`
  const extra = { automation, delivery_id, event_id: event.id, reason, fix }
  return { type: 'delivery.failed', cause, title: `${automation}: ${reason}`, model: event.model, extra }
}

function silentAlert({ source, since, last_event_id, silent_after_ms }: Silence): Alert {
  const at = new Date(since).toISOString()
  const title = `source ${source} has sent nothing since ${at}`
  const fix = `Look at the registry's webhooks and automations: it may have stopped to send. If so little happens there, make \`silent_after\` of ${source} longer.`
  const extra = { source, since: at, silent_after_s: silent_after_ms / 1_000, last_event_id, fix }
  // A silence has a single last event, whichever replica finds it and however often the receiver starts.
  const cause = `${source}\n${last_event_id ?? ''}`
  return { type: 'source.silent', cause, title, model: null, extra, quiet_ms: SILENCE_QUIET_MS }
}

function refusedAlert(problems: readonly ConfigProblem[]): Alert {
  const texts = problems.map(({ file, line, key, message }) => `${file}:${line ?? ''} ${key}: ${message}`)
  const title = `configuration refused: ${texts[0] ?? ''}`
  return { type: 'config.refused', cause: texts.join('\n'), title, model: null, extra: { problems: texts } }
}

/** Returns an alert to try an automation with: one that tells of nothing. `type`: one of `modelDispatch.events`. */
export function sampleAlert(type: string): SourceEvent {
  const title = `A test of ${type}: nothing has happened`
  return toSourceEvent({ type: type as Alert['type'], cause: '', title, model: null, extra: {} }, 'test')
}

function toSourceEvent({ type, title, model, extra, quiet_ms = QUIET_MS }: Alert, key: string): SourceEvent {
  return {
    event: {
      type,
      kind: 'other',
      title: titleText(title),
      author: null,
      occurred_at: null,
      test: false,
      own: true,
      model,
      change: { ...NO_CHANGE, tags: [] },
      run: null,
      metadata: {},
      extra,
    },
    // The store itself keeps it to one per cause, whichever replica raises it.
    identity: { rule: 'delivery', key, value: key, window_ms: quiet_ms, body_hash: null },
    home: null,
    hint: null,
    dispatch_type: null,
    flat: { event_type: type },
  }
}
