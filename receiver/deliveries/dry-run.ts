import type { JsonObject } from '../../src/contract/model-event.ts'
import { RenderError } from '../destinations/destination.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NewDelivery } from '../store/records.ts'
import type { Prepared } from './prepare-event.ts'

/** What a delivery would send; secrets masked. */
export interface Rendered {
  automation: string
  destination: { type: string; target: string }
  /** Null where the event cannot be turned into a request: `error` says why. */
  request: { method: string; url: string; body: JsonObject } | null
  error: { message: string; fix: string } | null
}

/** Renders the deliveries of a prepared event without making them. */
export function renderDeliveries(runtime: Runtime, prepared: Prepared): Rendered[] {
  return prepared.record.deliveries.map((delivery) => {
    const { automation, type, target, error } = delivery
    const where = { automation, destination: { type, target } }
    if (error !== null) return { ...where, request: null, error: { message: error.message, fix: error.fix } }
    try {
      return { ...where, request: render(runtime, prepared, delivery), error: null }
    } catch (problem) {
      if (!(problem instanceof RenderError)) throw problem
      return { ...where, request: null, error: { message: problem.message, fix: problem.fix } }
    }
  })
}

function render(runtime: Runtime, { event, record }: Prepared, delivery: NewDelivery): Rendered['request'] {
  const { id, automation, type, revision, position, subject, dedupe_key } = delivery
  const { spec } = runtime.automations.find((one) => one.revision === revision) ?? {}
  const { flat, dispatch_type, client_payload } = record.context
  const input = {
    delivery_id: id,
    automation,
    event,
    flat,
    dispatch_type,
    client_payload,
    subject_key: subject,
    dedupe_key,
    redelivery: 0,
  }
  return runtime.senders.get(type)?.render({ ...input, settings: spec?.destinations[position] }) ?? null
}
