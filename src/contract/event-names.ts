import { genericName, specificName } from './databricks/events.ts'
import type { ModelEvent } from './model-event.ts'

/**
 * Returns every name that an event may be asked for by: the registry's own, the neutral kind and, for a stage change
 * of Databricks, both names under which Databricks sends the same change (`MODEL_VERSION_TRANSITIONED_STAGE` and
 * `…_TO_PRODUCTION`). Which of the two came first decides nothing.
 *
 * @example eventNames(event).includes('MODEL_VERSION_TRANSITIONED_TO_PRODUCTION')
 */
export function eventNames({ source, type, kind, change }: ModelEvent): string[] {
  const others = source.type === 'databricks' ? [genericName(kind), specificName(kind, change.to_stage)] : []
  return [...new Set([type, kind, ...others.filter((name) => name !== null)])]
}
