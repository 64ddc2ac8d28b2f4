import { slotOf } from '../../src/contract/keys.ts'
import { SCHEMA, type ModelEvent } from '../../src/contract/model-event.ts'
import type { MatchResult } from '../automations/automation.ts'
import { explainEvent } from '../automations/explain.ts'
import type { SourceConfig } from '../config/config.ts'
import { newEventId } from '../deliveries/ids.ts'
import { planDeliveries } from '../deliveries/plan.ts'
import type { Runtime } from '../runtime.ts'
import type { SourceEvent } from '../sources/source.ts'
import type { NewEvent } from '../store/operations/accept.ts'

/** One event as it goes to the store, and what was decided about it. */
export interface Taken {
  event: ModelEvent
  hint: string | null
  results: readonly MatchResult[]
  record: NewEvent
}

/** Turns what a source understood into the event that is stored, with its deliveries. Pure but for ids. */
export function takeEvent(
  runtime: Runtime,
  source: SourceConfig,
  found: SourceEvent,
  request: { raw: Buffer; received_at: number; secret: number | null },
): Taken {
  const event: ModelEvent = {
    schema: SCHEMA,
    id: newEventId(),
    source: { name: source.name, type: source.type },
    type: found.event.type,
    kind: found.event.kind,
    title: found.event.title,
    author: found.event.author,
    occurred_at: found.event.occurred_at,
    received_at: new Date(request.received_at).toISOString(),
    test: found.event.test,
    own: found.event.own,
    synthetic: false,
    repeat_of: null,
    replay_of: null,
    model: found.event.model,
    change: found.event.change,
    run: found.event.run,
    metadata: found.event.metadata,
    extra: found.event.extra,
  }
  const results = explainEvent(runtime.automations, event, source.allow)
  const matched = runtime.automations.filter((_, i) => results[i]?.matched === true)
  const { flat, dispatch_type, hint } = found
  const record: NewEvent = {
    id: event.id,
    source: source.name,
    type: event.type,
    kind: event.kind,
    received_at: request.received_at,
    event: JSON.stringify(event),
    context: { flat, dispatch_type, hint, secret: request.secret },
    raw: request.raw,
    identity: found.identity,
    refuse_repeats: source.repeats === 'refuse',
    holder: holderOf(event),
    deliveries: planDeliveries(event, found, matched, runtime.senders),
  }
  return { event, hint, results, record }
}

/** What the event says about who holds an alias or a stage from now on. */
function holderOf(event: ModelEvent): NewEvent['holder'] {
  const { source, kind, model, change } = event
  const slot = kind === 'stage.changed' ? `stage:${String(change.to_stage)}` : `alias:${slotOf(event)}`
  if (model === null || !['alias.added', 'alias.removed', 'stage.changed'].includes(kind)) return null
  const key = JSON.stringify([source.name, model.entity, model.project, model.name, slot])
  return { key, version: kind === 'alias.removed' ? null : model.version }
}
