import { hash } from 'node:crypto'
import { titleText } from '../../src/contract/event-title.ts'
import { NO_CHANGE, type JsonObject, type ModelEvent } from '../../src/contract/model-event.ts'
import type { SourceConfig } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { SourceEvent } from '../sources/source.ts'
import { OWN_SOURCE } from '../sources/model-dispatch.ts'
import { parse } from '../store/json-text.ts'
import type { Consequence, GivenUp } from '../store/records.ts'
import type { Attempt } from './attempt.ts'
import { reasonOf } from '../observe/reason-of.ts'

/** At most one event per cause in this time, over all replicas. */
const QUIET_MS = 15 * 60_000
/** A cause whose event could not be stored is heard again after this, ms: strangers who are refused can raise some. */
const UNSTORED_QUIET_MS = 5_000
/** Refused requests within the quiet time before a source counts as rejecting. */
const REJECTIONS = 5

type OwnEventType =
  'delivery.failed' | 'delivery.recovered' | 'lane.paused' | 'source.rejecting' | 'config.refused'

/** The receiver's own source: what goes wrong in it, as events that automations can hear. */
export interface OwnEvents {
  /** What an attempt led to: a dead letter, a recovery, a lane that rests. */
  attempted(attempt: Attempt, consequence: Consequence): void
  /** A delivery that ended without an attempt that said so. */
  gaveUp(delivery: GivenUp): void
  /** An event that could not be turned into a request. */
  undeliverable(
    event: ModelEvent,
    delivery: { id: string; automation: string; class: string; message: string; fix: string },
  ): void
  /** A request to this source was refused. */
  rejected(source: string, reason: string): void
  /** A changed configuration could not be used. */
  refused(problems: readonly { file: string; line: number | null; key: string; message: string }[]): void
}

/** The pseudo source under which own events are taken in. */
export const OWN_SOURCE_CONFIG: SourceConfig = {
  name: OWN_SOURCE,
  type: OWN_SOURCE,
  credentials: { secrets: [], access_token: null, authorization: null },
  insecure: false,
  allow: {},
  body_limit: 0,
  dedupe_ms: null,
  repeats: 'accept',
  settings: {},
}

/** `take` hands an event to the store as if a registry had sent it. */
export function createOwnEvents(
  take: (event: SourceEvent, raw: Buffer) => Promise<unknown>,
  clock: Clock,
  log: Log,
): OwnEvents {
  /** Until when each cause is not heard again, ms of the steady clock. */
  const quiet = new Map<string, number>()
  const rejections = new Map<string, number[]>()

  function raise(
    type: OwnEventType,
    cause: string,
    title: string,
    model: ModelEvent['model'],
    extra: JsonObject,
  ) {
    const now = clock.steady()
    const key = hash('sha256', `${type}\n${cause}`, 'hex')
    if (now < (quiet.get(key) ?? -Infinity)) return
    for (const [old, until] of quiet) if (now >= until) quiet.delete(old)
    quiet.set(key, now + QUIET_MS)
    const event = toSourceEvent(type, key, title, model, extra)
    take(event, Buffer.from(JSON.stringify({ event: type, title, ...extra }))).catch((error: unknown) => {
      quiet.set(key, clock.steady() + UNSTORED_QUIET_MS)
      log.error({ type, reason: reasonOf(error) }, 'an event of our own could not be stored')
    })
  }

  return {
    attempted({ claim, result }, { status, recovered, paused }) {
      const event = parse(claim.event)
      // An alert that fails raises no alert; that its lane rests is news for everybody in the lane.
      const alert = event.source.name === OWN_SOURCE
      const { automation, target, lane } = claim
      const where = { automation, target, lane, delivery_id: claim.id, event_id: claim.event_id }
      const why = { class: result.class, reason: result.message, fix: result.fix }
      if (status === 'failed' && !alert) {
        const title = `delivery to ${target} failed: ${result.message}`
        raise('delivery.failed', `${automation}\n${target}\n${result.class}`, title, event.model, {
          ...where,
          ...why,
        })
      }
      if (recovered && !alert) {
        const title = `deliveries to ${target} get through again`
        raise('delivery.recovered', `${automation}\n${target}`, title, event.model, where)
      }
      if (paused !== null) {
        const until = new Date(paused.until).toISOString()
        const title = `${lane} rests until ${until}: ${paused.message}`
        raise('lane.paused', `${lane}\n${paused.reason}`, title, null, {
          lane,
          cause: paused.reason,
          until,
          ...why,
        })
      }
    },
    gaveUp({ id, event: text, automation, target, lane, event_id, status, class: kind, message, fix }) {
      const event = parse(text)
      if (event.source.name === OWN_SOURCE) return
      const title = `delivery to ${target} ${status}: ${message}`
      raise('delivery.failed', `${automation}\n${target}\n${kind}`, title, event.model, {
        automation,
        target,
        lane,
        delivery_id: id,
        event_id,
        class: kind,
        reason: message,
        fix,
      })
    },
    undeliverable(event, { id, automation, class: kind, message, fix }) {
      if (event.source.name === OWN_SOURCE) return
      const extra = { automation, delivery_id: id, event_id: event.id, reason: message, fix }
      // The message quotes the event: with it in the cause, a sender could raise any number of alerts.
      raise('delivery.failed', `${automation}\n${kind}`, `${automation}: ${message}`, event.model, extra)
    },
    rejected(source, reason) {
      const now = clock.steady()
      const recent = (rejections.get(source) ?? []).filter((at) => now - at < QUIET_MS)
      rejections.set(source, [...recent, now].slice(-REJECTIONS))
      if (recent.length + 1 < REJECTIONS) return
      raise('source.rejecting', source, `source ${source} refuses requests: ${reason}`, null, {
        source,
        reason,
      })
    },
    refused(problems) {
      const text = problems.map(({ file, line, key, message }) => `${file}:${line ?? ''} ${key}: ${message}`)
      const title = `configuration refused: ${text[0] ?? ''}`
      raise('config.refused', text.join('\n'), title, null, { problems: text })
    },
  }
}

function toSourceEvent(
  type: OwnEventType,
  key: string,
  title: string,
  model: ModelEvent['model'],
  extra: JsonObject,
): SourceEvent {
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
    identity: { rule: 'delivery', key, value: key, window_ms: QUIET_MS, body_hash: null },
    home: null,
    hint: null,
    dispatch_type: null,
    flat: { event_type: type },
  }
}
