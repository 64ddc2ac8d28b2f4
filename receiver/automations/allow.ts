import type { ModelEvent } from '../../src/contract/model-event.ts'
import { matchesGlob } from '../../src/contract/glob.ts'
import { quoteValue } from './quote.ts'

/** The models that a source may speak about: lists of globs, all of which must hold. */
export type Allow = Partial<Record<'entity' | 'project' | 'registry' | 'model', string[]>>

/** Returns why an event lies outside of its source's `allow`, or null when it is inside. Absent fields are outside. */
export function outsideOf(allow: Allow, event: ModelEvent): string | null {
  for (const field of ['entity', 'project', 'registry', 'model'] as const) {
    const globs = allow[field]
    if (globs === undefined) continue
    const value = event.model?.[field === 'model' ? 'name' : field] ?? null
    if (value === null) return `allow.${field}: the event has no ${field}`
    if (globs.some((glob) => matchesGlob(glob, value))) continue
    return `allow.${field}: the source does not take ${quoteValue(value)}`
  }
  return null
}
