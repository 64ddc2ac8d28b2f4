import {
  NO_CHANGE,
  NO_MODEL,
  SCHEMA,
  type ModelChange,
  type ModelEvent,
  type ModelRef,
} from '../../src/contract/model-event.ts'

/** Parts of an event that differ from {@link modelEvent}'s; model and change are filled in field by field. */
export type EventParts = Partial<Omit<ModelEvent, 'model' | 'change'>> & {
  model?: Partial<ModelRef> | null
  change?: Partial<ModelChange>
}

const RESNET: Partial<ModelRef> = {
  type: 'model',
  entity: 'my-team',
  project: 'model-registry',
  registry: 'model',
  name: 'resnet50',
  version: 'v3',
  reference: 'my-team/model-registry/resnet50:production',
  pinned: 'my-team/model-registry/resnet50:v3',
  id: 'QXJ0aWZhY3Q6NTE3ODg5ODg3',
}

/** `resnet50 v3 -> production by jane`, as the receiver makes it of W&B's webhook, with the parts replaced. */
export function modelEvent({
  model,
  change = { alias: 'production' },
  ...parts
}: EventParts = {}): ModelEvent {
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
    change: { ...NO_CHANGE, tags: [], ...change },
  }
}
