import { EVENT_KINDS, type EventKind } from '../../../src/contract/model-event.ts'
import type { Kinds } from './settings.ts'

/**
 * Returns the neutral kind of a sender's event type: what `kinds` says, else the type itself where it is a neutral kind,
 * else `other`. An alias or tag event without its alias or tag is `other`: a list of labels can be empty.
 */
export function kindOf(
  type: string,
  kinds: Kinds,
  { alias, tag }: { alias: string | null; tag: string | null },
): EventKind {
  const named = Object.hasOwn(kinds, type) ? kinds[type] : EVENT_KINDS.find((kind) => kind === type)
  const kind = named ?? 'other'
  const empty = (kind.startsWith('alias.') && alias === null) || (kind.startsWith('tag.') && tag === null)
  return empty ? 'other' : kind
}
