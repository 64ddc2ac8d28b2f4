import type { Json } from '../../../src/contract/model-event.ts'
import { canonicalHash, sha256Hex, type Identity } from '../identity.ts'
import type { SourceEvent, WebhookRequest } from '../source.ts'
import { decodeByFields, type FieldRules } from './decode.ts'

/** How long a delivery id is remembered, in ms. */
const DELIVERY_WINDOW_MS = 72 * 60 * 60 * 1_000
/** How long the same body about the same model counts as a repeat where there is no delivery id, in ms. */
const REPEAT_WINDOW_MS = 10_000

/** Tells one request from another. */
export interface DeliveryId {
  /** The sender's id of the delivery, the same for all tries; null where it sends none. */
  id: string | null
  /** Whether the signature covers the id: then a body that comes under another id is no repeat. */
  signed: boolean
  /** `dedupe_seconds` of the source in ms, or null. */
  dedupe_ms: number | null
}

/** Returns the events of a body that the configuration describes, each with its identity. Never throws. */
export function eventsByFields(
  body: Json,
  request: WebhookRequest,
  rules: FieldRules,
  delivery: DeliveryId,
): SourceEvent[] {
  const hash = sha256Hex(request.body)
  return decodeByFields(body, request, rules).map(({ event, hint, flat }, index) => {
    const { entity = null, project = null, registry = null, name = null, id = null } = event.model ?? {}
    const model = name ?? id
    const home = canonicalHash([entity, project, registry, model])
    const identity = identityOf(delivery, { home, hash, index })
    return { event, identity, home: model === null ? null : home, hint, dispatch_type: null, flat }
  })
}

/** Each event of a list is told apart by its place in it. */
function identityOf(
  { id, signed, dedupe_ms }: DeliveryId,
  { home, hash, index }: { home: string; hash: string; index: number },
): Identity {
  const body_hash = index === 0 ? hash : sha256Hex(`${index}.${hash}`)
  if (id === null) {
    const key = index === 0 ? home : canonicalHash([home, index])
    return { rule: 'last', key, value: body_hash, window_ms: dedupe_ms ?? REPEAT_WINDOW_MS, body_hash }
  }
  const key = index === 0 ? `id:${sha256Hex(id)}` : `id:${sha256Hex(id)}.${index}`
  const window_ms = dedupe_ms ?? DELIVERY_WINDOW_MS
  return { rule: 'delivery', key, value: key, window_ms, body_hash: signed ? null : body_hash }
}
