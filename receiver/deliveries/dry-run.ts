import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { AutomationSpec, Condition } from '../automations/automation.ts'
import { conditionsOf, toldMatch } from '../automations/explain.ts'
import { RenderError } from '../destinations/destination.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { parse } from '../store/json-text.ts'
import type { NewDelivery } from '../store/records.ts'
import type { Prepared } from './prepare-event.ts'

/** The request that a delivery would send; secrets masked. */
export interface Rendered {
  automation: string
  destination: { type: string; target: string }
  /** Null where the event cannot be turned into a request: `error` says why. */
  request: { method: string; url: string; body: JsonObject } | null
  error: { message: string; fix: string } | null
}

/** Why each automation wants an event or not, and what would be sent; secrets masked. */
export interface Explained {
  /** The registry's own name of the event. */
  event: string
  /** The automations that want it. */
  matched: string[]
  /** The destinations that would be used, or why none would, in a sentence or two. */
  message: string
  /** The advice on the registry's template where no event could be recognised; else null. */
  hint: string | null
  model_event: ModelEvent
  matches: {
    automation: string
    matched: boolean
    /** The conditions up to the first that does not hold, in a sentence each. */
    reasons: string[]
    /** Every condition. */
    conditions: Condition[]
  }[]
  requests: Rendered[]
}

/**
 * Explains a prepared event.
 *
 * @param sees tells which automations may be shown.
 */
export function explainPrepared(
  runtime: Runtime,
  prepared: Prepared,
  sees: (automation: string) => boolean = () => true,
): Explained {
  const { event, hint, message, results } = prepared
  const allow = runtime.config.sources.get(event.source.name)?.allow
  const conditions = conditionsOf(runtime.automations, event, allow)
  const asked = new Map(runtime.automations.map(({ spec }, i) => [spec.name, conditions[i]]))
  const matches = results.map((result) => {
    const { automation, matched, reasons } = result
    // A request by GitHub's own route was asked for nothing but its token.
    return { automation, matched, reasons, conditions: asked.get(automation) ?? toldMatch(result).conditions }
  })
  return {
    event: event.type,
    matched: matchedBy(prepared).filter(sees),
    message: results.every(({ automation }) => sees(automation)) ? message : SOME_HIDDEN,
    hint,
    model_event: event,
    matches: matches.filter(({ automation }) => sees(automation)),
    requests: renderDeliveries(runtime, prepared).filter(({ automation }) => sees(automation)),
  }
}

const SOME_HIDDEN = 'Only the automations that your token may see are shown.'

/** Returns the names of the automations that want a prepared event. */
export function matchedBy({ record }: Prepared): string[] {
  return [...new Set(record.deliveries.map(({ automation }) => automation))]
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
  const spec = specOf(runtime, record, revision)
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

/** Returns the text of a revision: one of today's automations, or the one that the event brings along. */
function specOf(
  { automations }: Runtime,
  { revision: own }: Prepared['record'],
  revision: string,
): AutomationSpec | undefined {
  const found = automations.find((one) => one.revision === revision)
  if (found !== undefined) return found.spec
  return own?.id === revision ? (parse(own.spec) as AutomationSpec) : undefined
}
