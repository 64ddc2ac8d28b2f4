import { cleanObject, textOf } from '../../../src/contract/clean-json.ts'
import type { EventKind, Json } from '../../../src/contract/model-event.ts'
import { genericName, stageOfEvent } from './events.ts'
import { canonicalHash, sha256Hex, type Identity } from '../identity.ts'
import type { ParseContext } from '../source.ts'

const WINDOW_MS = 72 * 60 * 60 * 1000

/** Differ between two webhooks that tell of the same stage change. */
const OF_THE_WEBHOOK = ['webhook_id', 'text']

export interface DatabricksChange {
  body: ReadonlyMap<string, Json>
  type: string
  kind: EventKind
  /** A test delivery: its body is about its webhook, not about a change. */
  test: boolean
}

/**
 * How two requests are told to be the same. Databricks sends no delivery id, but `event_timestamp` makes bodies
 * differ: the same bytes are the same event. One stage change may come twice, under its generic and its specific
 * name (`MODEL_VERSION_TRANSITIONED_STAGE`, `…_TO_PRODUCTION`): these two are the same event as well.
 */
export function databricksIdentity(change: DatabricksChange, { body, dedupe_ms }: ParseContext): Identity {
  const body_hash = sha256Hex(body)
  const key = stageChangeHash(change) ?? body_hash
  return { rule: 'delivery', key, value: key, window_ms: dedupe_ms ?? WINDOW_MS, body_hash }
}

function stageChangeHash({ body, type, kind, test }: DatabricksChange): string | null {
  const event = genericName(kind)
  if (event === null || test) return null
  const others = [...body].filter(([key]) => !OF_THE_WEBHOOK.includes(key))
  const to_stage = textOf(body.get('to_stage')) ?? stageOfEvent(type)
  return canonicalHash(cleanObject([['event', event], ['to_stage', to_stage], ...others]))
}
