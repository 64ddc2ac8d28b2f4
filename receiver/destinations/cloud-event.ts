import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type { DeliveryInput } from './destination.ts'

/** The media type of one CloudEvent in JSON, structured mode. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8'

/**
 * Returns the CloudEvents 1.0 envelope around `data`: https://github.com/cloudevents/spec. `source` and `id` together
 * name the event, so that a receiver can tell repeats; extension attributes carry what belongs to the delivery.
 */
export function cloudEvent(input: Omit<DeliveryInput, 'settings'>, data: Json): JsonObject {
  const { event, delivery_id, automation, subject_key, dedupe_key } = input
  const { pinned, reference, name } = event.model ?? { pinned: null, reference: null, name: null }
  const subject = plain(pinned ?? reference ?? name ?? '')
  return {
    specversion: '1.0',
    id: event.id,
    source: `/sources/${encodeURIComponent(event.source.name)}`,
    type: `model-dispatch.${event.kind}`,
    // An attribute without a value is left out: null is not allowed.
    ...(subject === '' ? {} : { subject }),
    ...timeOf(event.occurred_at ?? event.received_at),
    datacontenttype: 'application/json',
    deliveryid: delivery_id,
    automation,
    subjectkey: subject_key,
    dedupekey: dedupe_key,
    data,
  }
}

/** Attributes hold no control characters and no lone surrogates: section "Type System" of the specification. */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim()
}

/** The attribute `time` in the form of RFC 3339; left out where a registry's text is no time. */
function timeOf(text: string): { time?: string } {
  const at = Date.parse(text)
  return Number.isNaN(at) ? {} : { time: new Date(at).toISOString() }
}
