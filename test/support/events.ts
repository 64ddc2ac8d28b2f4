import type { ModelEvent } from '../../src/contract/model-event.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { NewDelivery, NewEvent, Revision } from '../../receiver/store/records.ts'

/** The revision that `storedDelivery` is made under. */
export const REVISION: Revision = { id: 'rev_1', automation: 'deploy', spec: jsonText({}) }

let count = 0

/** An event for the store's own tests; every part can be set. */
export function storedEvent(parts: Partial<NewEvent> = {}): NewEvent {
  const n = ++count
  return {
    id: `evt_${n}`,
    source: 'wandb',
    type: 'ADD_ARTIFACT_ALIAS',
    kind: 'alias.added',
    received_at: 1_700_000_000_000 + n,
    event: jsonText({ id: `evt_${n}`, change: { previous_version: null } } as ModelEvent),
    context: { flat: {}, dispatch_type: null, client_payload: null, drop_in: null, hint: null, secret: 0 },
    raw: Buffer.from(`{"n":${n}}`),
    identity: {
      rule: 'last',
      key: `model-${n}`,
      value: `hash-${n}`,
      window_ms: 10_000,
      body_hash: `hash-${n}`,
    },
    home: null,
    refuse_repeats: false,
    replay: null,
    holder: null,
    deliveries: [],
    ...parts,
  }
}

/** A delivery for the store's own tests. */
export function storedDelivery(parts: Partial<NewDelivery> = {}): NewDelivery {
  const n = ++count
  return {
    id: `dlv_${n}`,
    automation: 'deploy',
    revision: 'rev_1',
    position: 0,
    type: 'repository_dispatch',
    target: 'acme/serving',
    lane: 'github-app:api.github.com:1/acme',
    policy: { concurrency: 1, interval_ms: 1_000 },
    subject: n.toString(16).padStart(32, '0'),
    slot: parts.subject ?? n.toString(16).padStart(32, '0'),
    dedupe_key: 'd'.repeat(32),
    ordered: true,
    supersede: 'retrying',
    expires_after_ms: null,
    replay_of: null,
    error: null,
    ...parts,
  }
}
