import type { AutomationSpec } from '../../receiver/automations/automation.ts'
import { NO_CHANGE, NO_MODEL, SCHEMA } from '../../src/contract/model-event.ts'
import type { ModelChange, ModelEvent, ModelRef } from '../../src/contract/model-event.ts'

interface Parts extends Partial<Omit<ModelEvent, 'model' | 'change'>> {
  model?: Partial<ModelRef> | null
  change?: Partial<ModelChange>
}

/** The promotion of a model, with any part replaced. */
export function makeEvent({ model, change, ...parts }: Parts = {}): ModelEvent {
  return {
    schema: SCHEMA,
    id: 'evt_1',
    source: { name: 'wandb', type: 'wandb' },
    type: 'ADD_ARTIFACT_ALIAS',
    kind: 'alias.added',
    title: 'resnet50 v3 -> production by jane',
    author: 'jane',
    occurred_at: null,
    received_at: '2026-11-22T03:04:05.678Z',
    test: false,
    own: false,
    synthetic: false,
    repeat_of: null,
    replay_of: null,
    run: null,
    metadata: {},
    extra: {},
    ...parts,
    model: model === null ? null : { ...NO_MODEL, ...RESNET, ...model },
    change: { ...NO_CHANGE, alias: 'production', ...change },
  }
}

const RESNET: Partial<ModelRef> = {
  type: 'model',
  entity: 'my-team',
  project: 'model-registry',
  registry: 'model',
  name: 'resnet50',
  version: 'v3',
  reference: 'my-team/model-registry/resnet50:production',
}

/** An automation that wants every event of the source `wandb`, with any part replaced. */
export function makeSpec(parts: Partial<AutomationSpec> = {}): AutomationSpec {
  return {
    name: 'deploy',
    description: null,
    status: 'active',
    sources: ['wandb'],
    events: ['*'],
    filter: {},
    if: null,
    order: 'strict',
    supersede: 'retrying',
    expires_after_ms: null,
    destinations: [{ type: 'toy' }],
    ...parts,
  }
}
