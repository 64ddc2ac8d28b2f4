import { dedupeKey, slotKey, subjectKey } from '../../src/contract/keys.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { LanePolicy } from '../../receiver/policy/lane.ts'
import { sha256Hex } from '../../receiver/sources/identity.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { NewEvent } from '../../receiver/store/records.ts'
import { modelEvent } from '../support/model-event.ts'
import type { Scenario } from './scenario.ts'
import type { Webhook } from './traffic.ts'

/** The automation that every event matches. */
export const REVISION = { id: 'rev_1', automation: 'deploy', spec: jsonText({}) }

/** W&B's own rule: equal to the last event of that model within ten seconds. */
const WINDOW_MS = 10_000

/** What a webhook becomes an event with. `n` becomes both ids. */
export interface NewEventOptions extends Pick<Scenario, 'supersede'> {
  n: number
  team: number
  lane: { name: string; policy: LanePolicy }
}

/** A webhook as ingest hands it to the store: one event with one delivery. */
export function newEvent(webhook: Webhook, { n, team, lane, supersede }: NewEventOptions): NewEvent {
  const event = eventOf(webhook, n, team)
  const target = `team-${team}/repository-${webhook.repository}`
  const body = requestBody(event)
  const hash = sha256Hex(body)
  const { model, source } = event
  const place = [source.name, model?.entity ?? '', model?.project ?? '', model?.name ?? '']
  return {
    id: event.id,
    source: source.name,
    type: event.type,
    kind: event.kind,
    received_at: Math.round(webhook.at),
    event: jsonText(event),
    context: {
      flat: flatOf(event),
      dispatch_type: null,
      client_payload: null,
      drop_in: null,
      hint: null,
      secret: 0,
    },
    raw: Buffer.from(body),
    identity: {
      rule: 'last',
      key: place.join('/'),
      value: hash,
      window_ms: WINDOW_MS,
      body_hash: hash,
    },
    home: place.join('/'),
    refuse_repeats: false,
    replay: null,
    holder:
      webhook.slot === 'version'
        ? null
        : { key: JSON.stringify([...place, `alias:${webhook.slot}`]), version: model?.version ?? null },
    deliveries: [
      {
        id: deliveryId(n),
        automation: REVISION.automation,
        revision: REVISION.id,
        position: 0,
        type: 'repository_dispatch',
        target,
        lane: lane.name,
        policy: lane.policy,
        subject: subjectKey({ destination: 'repository_dispatch', target, listener: '' }, event),
        slot: slotKey({ destination: 'repository_dispatch', target, listener: '' }, event),
        dedupe_key: dedupeKey(event),
        ordered: true,
        supersede,
        expires_after_ms: null,
        replay_of: null,
        error: null,
      },
    ],
  }
}

/** As long as a real one. */
export const deliveryId = (n: number): string => `dlv_${n.toString(16).padStart(30, '0')}`

/** Which webhook a delivery belongs to. */
export const numberOf = (delivery_id: string): number => parseInt(delivery_id.slice(4), 16)

function eventOf({ repository, model, slot, version }: Webhook, n: number, team: number): ModelEvent {
  const [entity, project, name] = [`team-${team}`, 'model-registry', `model-${repository}-${model}`]
  const isVersion = slot === 'version'
  return modelEvent({
    id: `evt_${n.toString(16).padStart(30, '0')}`,
    type: isVersion ? 'LINK_ARTIFACT' : 'ADD_ARTIFACT_ALIAS',
    kind: isVersion ? 'version.linked' : 'alias.added',
    title: isVersion ? `${name} v${version} linked` : `${name} v${version} -> ${slot} by jane`,
    model: {
      entity,
      project,
      name,
      version: `v${version}`,
      reference: `${entity}/${project}/${name}:${isVersion ? `v${version}` : slot}`,
      pinned: `${entity}/${project}/${name}:v${version}`,
      id: Buffer.from(`Artifact:${version}`).toString('base64'),
    },
    change: { alias: isVersion ? null : slot },
  })
}

/** W&B's documented flat fields. */
function flatOf({ type, author, model, change }: ModelEvent): Record<string, string> {
  return {
    event_type: type,
    event_author: author ?? '',
    alias: change.alias ?? '',
    tag: '',
    artifact_version: `wandb-artifact://_id/${model?.id ?? ''}`,
    artifact_version_string: model?.reference ?? '',
    artifact_collection_name: model?.name ?? '',
    project_name: model?.project ?? '',
    entity_name: model?.entity ?? '',
  }
}

const requestBody = (event: ModelEvent) => JSON.stringify(flatOf(event), null, 2)
