import { eventTitle } from '../../src/contract/event-title.ts'
import type { JsonObject, ModelEvent, ModelRef } from '../../src/contract/model-event.ts'
import type { LookedUp } from '../sources/lookup.ts'

/** Returns the event with what its registry knows; what the signed webhook says of the model is kept. */
export function enrich(event: ModelEvent, found: LookedUp): ModelEvent {
  const enriched = {
    ...event,
    model: event.model === null ? null : withMissing(event.model, found.model),
    run: event.run === null || found.run === null ? (event.run ?? found.run) : { ...found.run, ...event.run },
    metadata: { ...event.metadata, ...found.metadata },
    extra: withLookup(event.extra, found.facts),
  }
  return enriched.model?.version === event.model?.version
    ? enriched
    : { ...enriched, title: eventTitle(enriched) }
}

/** Returns the event with the reason why nothing more is known of it. */
export function withoutAnswer(event: ModelEvent, error: string): ModelEvent {
  return { ...event, extra: withLookup(event.extra, { error }) }
}

/** Whether an alias that the event tells of has left the version since: what it would start comes too late. */
export function isStale({ kind, change }: ModelEvent, { aliases }: LookedUp): boolean {
  return (
    kind === 'alias.added' && change.alias !== null && aliases !== null && !aliases.includes(change.alias)
  )
}

function withMissing(model: ModelRef, found: Partial<ModelRef>): ModelRef {
  const known = Object.entries(model).filter(([, value]) => value !== null)
  return { ...model, ...found, ...(Object.fromEntries(known) as Partial<ModelRef>) }
}

/** Replaces a `lookup` of the sender's own, which nobody should take for the registry's answer. */
function withLookup(extra: JsonObject, facts: JsonObject): JsonObject {
  return { ...extra, lookup: facts }
}
