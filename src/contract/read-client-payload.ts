import type { Envelope } from './client-payload.ts'
import { decodeJsonObject, decodeModelEvent, type ModelEvent } from './model-event.ts'

/** An envelope as it arrived, with the paths (from the top of the `client_payload`) that were cut to fit. */
export interface ReceivedEnvelope extends Envelope {
  truncated: string[]
}

/**
 * Reads a `client_payload` that `encodeClientPayload` or `completeClientPayload` (client-payload.ts) made, of this
 * version or another. The Action reads and never writes one: hence a file without the writing. Null when it holds no `model_event` that can be read. Never throws.
 */
export function decodeClientPayload(
  payload: unknown,
): { event: ModelEvent; envelope: ReceivedEnvelope } | null {
  const carried = ownValue(payload, 'model_event')
  const event = decodeModelEvent(carried)
  return event === null ? null : { event, envelope: decodeEnvelope(carried) }
}

function decodeEnvelope(carried: unknown): ReceivedEnvelope {
  const text = (name: string) => {
    const value = ownValue(carried, name)
    return typeof value === 'string' ? value : ''
  }
  const truncated = ownValue(carried, 'truncated')
  return {
    delivery_id: text('delivery_id'),
    delivery_url: text('delivery_url') || null,
    automation: text('automation'),
    parameters: decodeJsonObject(ownValue(carried, 'parameters')) ?? {},
    subject_key: text('subject_key'),
    dedupe_key: text('dedupe_key'),
    truncated: Array.isArray(truncated) ? truncated.filter((path) => typeof path === 'string') : [],
  }
}

function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
