import type { Source } from '../runtime/sources.ts'
import { hideSecrets } from '../secrets/hide-in-body.ts'
import { withStated } from '../sources/identity.ts'
import { statedEvent, type SourceEvent, type WebhookRequest } from '../sources/source.ts'
import { parseJson } from './parse-json.ts'

/** A source's reading of a request. */
export interface UnderstoodRequest {
  /** The body without the source's own secrets. */
  shown: Buffer
  found: SourceEvent[]
}

/**
 * Returns what a source understands of a request that was verified, or is only looked at.
 * @throws NotAnEvent where the body cannot be read as an event.
 */
export function understandRequest(source: Source, webhook: WebhookRequest): UnderstoodRequest {
  const shown = hideSecrets(webhook.body, source.hidden)
  const stated = statedEvent(webhook)
  const found = source
    .parse(parseJson(shown, source.lists ?? false), webhook)
    .map((event) => ({ ...event, identity: withStated(event.identity, stated) }))
  return { shown, found }
}
