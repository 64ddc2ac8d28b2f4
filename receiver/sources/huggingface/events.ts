import { eventName } from '../../../src/contract/clean-json.ts'
import type { EventKind } from '../../../src/contract/model-event.ts'

/**
 * The events of the Hugging Face Hub as `scope.action`, with the kind of a body that shows nothing more.
 * https://huggingface.co/docs/hub/webhooks#webhook-payloads
 */
export const HUGGINGFACE_EVENTS: Readonly<Record<string, EventKind>> = {
  'repo.create': 'model.created',
  'repo.delete': 'other',
  'repo.update': 'other',
  'repo.move': 'other',
  'repo.content.update': 'version.created',
  'repo.config.update': 'other',
  'discussion.create': 'other',
  'discussion.delete': 'other',
  'discussion.update': 'other',
  'discussion.comment.create': 'comment.created',
  'discussion.comment.update': 'other',
}

/** The name of no event: where a body names neither scope nor action. */
export const UNKNOWN_EVENT = 'UNKNOWN'

const SCOPES = ['repo', 'repo.content', 'repo.config', 'discussion', 'discussion.comment']

/**
 * Returns the name of an event. A narrower scope than the documented ones counts as an `update` of the broader one, as
 * the Hub's documentation asks: `repo.config.dois` is `repo.config.update`.
 */
export function huggingfaceEvent(scope: string | null, action: string | null): string {
  if (scope === null || action === null) return UNKNOWN_EVENT
  if (SCOPES.includes(scope)) return eventName(`${scope}.${action}`) ?? UNKNOWN_EVENT
  const broader = SCOPES.filter((known) => scope.startsWith(`${known}.`)).at(-1)
  return broader === undefined ? (eventName(`${scope}.${action}`) ?? UNKNOWN_EVENT) : `${broader}.update`
}
