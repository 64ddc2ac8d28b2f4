import { explainPrepared, type Explained } from '../deliveries/dry-run.ts'
import { prepareEvent, prepareReplay } from '../deliveries/prepare-event.ts'
import { OWN_SOURCE_CONFIG } from '../deliveries/alerts.ts'
import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import { slipOf } from '../ingest/slips.ts'
import { understandRequest } from '../ingest/understand.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Source } from '../runtime/sources.ts'
import type { WebhookRequest } from '../sources/source.ts'
import { parse } from '../store/json-text.ts'
import type { EventDetail } from '../store/views.ts'

/** Tells which automations may be shown. */
export type Sees = (automation: string) => boolean

/** Whether a recorded request would be let in; `reason` says why not, or what is odd. */
export type Verified =
  | {
      ok: true
      /** Which of the source's `secrets` verified it, counted from 0; null where the source has none. */
      secret: number | null
      reason: string | null
    }
  | { ok: false; reason: string }

/**
 * Explains a stored event by today's automations: what a replay of it would do. Returns null where its source is no
 * longer configured.
 */
export function explainStored(
  runtime: Runtime,
  stored: EventDetail,
  { now, sees }: { now: number; sees: Sees },
): Explained | null {
  const source = stored.source === OWN_SOURCE ? OWN_SOURCE_CONFIG : runtime.config.sources.get(stored.source)
  if (source === undefined) return null
  const { secret, drop_in } = stored.context
  const arrival = { raw: stored.raw, received_at: now, secret, drop_in }
  const again = { event: parse(stored.event), found: stored.context, arrival, force: false, lookup: null }
  return explainPrepared(runtime, prepareReplay(runtime, source, again), sees)
}

/**
 * Explains what a source would make of a request, whether or not it would be let in.
 *
 * @throws NotAnEvent where the body cannot be read as an event.
 */
export function explainRequest(
  runtime: Runtime,
  source: Source,
  webhook: WebhookRequest,
  sees: Sees,
): Explained[] {
  const { shown, found } = understandRequest(source, webhook)
  const arrival = { raw: new Uint8Array(shown), received_at: webhook.now, secret: null }
  // From the body alone: nobody asks the registry for an explanation.
  const config = { ...source.config, lookup: null }
  return found.map((event) => explainPrepared(runtime, prepareEvent(runtime, config, event, arrival), sees))
}

/** Returns whether a recorded request would be let in: its signature is checked on its bytes as they came. */
export function verifyRequest(runtime: Runtime, source: Source, webhook: WebhookRequest): Verified {
  const verified = source.verify(webhook)
  if (verified.ok) return { ok: true, secret: verified.secret, reason: verified.stale ?? null }
  const slip = slipOf(source, webhook, runtime.sources.values())
  return { ok: false, reason: slip === null ? verified.reason : `${verified.reason}: ${slip}` }
}
