import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { DeliveryInput } from '../../receiver/destinations/destination.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { tokenConnection } from '../github/connections.ts'
import { modelEvent } from '../support/model-event.ts'

/** Two GitHub connections with their lists of repositories. */
export const connections = new Map([
  ['main', tokenConnection({ repositories: ['acme/*', 'Globex/Serving'] })],
  [
    'ghes',
    tokenConnection({ name: 'ghes', api_url: 'https://github.corp.example/api/v3', repositories: ['ml/*'] }),
  ],
])

/** The keys of a repository_dispatch to acme/serving. */
export function dispatchKeys(given: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'repository_dispatch', repository: 'acme/serving', ...given }
}

/** An alias event of W&B, as its source would make it. */
export function aliasEvent(given: Partial<ModelEvent> = {}): ModelEvent {
  return { ...modelEvent({ metadata: { accuracy: 0.97 } }), ...given }
}

/** A delivery of that event to a destination with these keys, as its schema reads them. */
export function delivery(keys: Record<string, unknown>, given: Partial<DeliveryInput> = {}): DeliveryInput {
  const type = DESTINATION_TYPES.get(String(keys['type']))
  if (type === undefined) throw new Error(`There is no destination type ${String(keys['type'])}.`)
  return {
    delivery_id: 'dlv_1',
    redelivery: 0,
    automation: 'deploy-production',
    event: aliasEvent(),
    flat: { artifact_collection_name: 'resnet50', alias: 'production' },
    dispatch_type: null,
    client_payload: null,
    subject_key: 'aa11',
    dedupe_key: 'bb22',
    settings: type.settings.parse(keys),
    ...given,
  }
}
