import { cleanObject, textOf } from '../../../src/contract/clean-json.ts'
import { genericName, stageOfEvent } from '../../../src/contract/databricks/events.ts'
import type { DecodedEvent, JsonObject } from '../../../src/contract/model-event.ts'
import { canonicalHash, sha256Hex, type Identity } from '../identity.ts'

/** How long a delivery counts as a repeat, in ms. */
export const REPEAT_WINDOW_MS = 72 * 60 * 60 * 1000

/** Differ between two webhooks that tell of the same stage change. */
const OF_THE_WEBHOOK = ['webhook_id', 'text']

/**
 * Returns how a repeat is recognised. Databricks sends no delivery id, but `event_timestamp` makes bodies differ: the
 * same bytes are the same event. A stage change may come twice, under its generic and its specific name
 * (`MODEL_VERSION_TRANSITIONED_STAGE`, `…_TO_PRODUCTION`): these two are the same event as well.
 */
export function databricksIdentity(
  body: JsonObject,
  event: DecodedEvent,
  { raw, window_ms }: { raw: Uint8Array; window_ms: number },
): Identity {
  const body_hash = sha256Hex(raw)
  const key = stageChangeHash(body, event) ?? body_hash
  return { rule: 'delivery', key, value: key, window_ms, body_hash }
}

/**
 * Returns the hash of a stage change, null for anything else. A test delivery is about its webhook, not about a change.
 */
function stageChangeHash(body: JsonObject, { type, kind, test }: DecodedEvent): string | null {
  const event = genericName(kind)
  if (event === null || test) return null
  const fields = Object.entries(body)
  const to_stage = textOf(new Map(fields).get('to_stage')) ?? stageOfEvent(type)
  const others = fields.filter(([key]) => !OF_THE_WEBHOOK.includes(key))
  return canonicalHash(cleanObject([['event', event], ['to_stage', to_stage], ...others]))
}
