import { describe, expect, it } from 'vitest'
import { dedupeKey, orderOf, slotKey, slotOf, subjectKey } from '../../src/contract/keys.ts'
import { aliasAdded, modelEvent, stageChanged, versionLinked } from '../action/events.ts'

const scope = { destination: 'repository_dispatch', target: 'acme/serving', listener: 'deploy' }

describe('what stays in order', () => {
  it.each([
    ['the alias, when it was added', aliasAdded, 'alias:production'],
    ['the alias, when it was removed', modelEvent({ kind: 'alias.removed' }), 'alias:production'],
    [
      'the tag on its version',
      modelEvent({ kind: 'tag.added', change: { tag: 'approved' } }),
      'tag:["v3","approved"]',
    ],
    [
      'the key of a tag pair on its version',
      modelEvent({ kind: 'tag.added', change: { tag: 'state=ok=1' } }),
      'tag:["v3","state"]',
    ],
    ['every stage of the model', stageChanged, 'stage'],
    ['the version', versionLinked, 'version:v3'],
    [
      'the id of an unknown version',
      modelEvent({ kind: 'version.created', model: { version: null, id: 'x' } }),
      'version:x',
    ],
    ['the event itself for comments', modelEvent({ kind: 'comment.created' }), 'event:evt_1'],
    [
      'the event itself for requests, each of which wants an answer',
      modelEvent({ kind: 'stage.requested' }),
      'event:evt_1',
    ],
    ['the event itself for an alias event without alias', modelEvent({ change: {} }), 'event:evt_1'],
    ['the event itself for runs', modelEvent({ kind: 'run.changed', model: null }), 'event:evt_1'],
  ])('is %s', (_what, event, slot) => {
    expect(orderOf(event)).toBe(slot)
  })
})

describe('the slot of an event', () => {
  it('is the stage that is entered', () => {
    expect(slotOf(stageChanged)).toBe('stage:Production')
  })

  it('is the event itself where the stage is not known', () => {
    expect(slotOf(modelEvent({ kind: 'stage.changed', change: {} }))).toBe('event:evt_1')
  })

  it('is what stays in order for every other event', () => {
    for (const event of [aliasAdded, versionLinked]) expect(slotOf(event)).toBe(orderOf(event))
  })
})

describe('the slot key', () => {
  const entering = (to_stage: string) => modelEvent({ kind: 'stage.changed', change: { to_stage } })

  it('tells the stages of a model apart, which share one subject key', () => {
    const [production, staging] = [entering('Production'), entering('Staging')]
    expect(slotKey(scope, production)).not.toBe(slotKey(scope, staging))
    expect(subjectKey(scope, production)).toBe(subjectKey(scope, staging))
  })

  it('is the subject key where a subject has but one slot', () => {
    expect(slotKey(scope, aliasAdded)).toBe(subjectKey(scope, aliasAdded))
  })
})

describe('the subject key', () => {
  const key = subjectKey(scope, aliasAdded)

  it('is 32 hex characters', () => {
    expect(key).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is the same when the alias moves on to another version', () => {
    const later = modelEvent({ id: 'evt_02', author: 'joe', model: { version: 'v4', id: 'other' } })
    expect(subjectKey(scope, later)).toBe(key)
  })

  it.each([
    ['destination', { ...scope, destination: 'workflow_dispatch' }, aliasAdded],
    ['target', { ...scope, target: 'acme/other' }, aliasAdded],
    ['listener', { ...scope, listener: 'evaluate' }, aliasAdded],
    ['source', scope, modelEvent({ source: { name: 'wandb-eu', type: 'wandb' } })],
    ['entity', scope, modelEvent({ model: { entity: 'other' } })],
    ['project', scope, modelEvent({ model: { project: 'other' } })],
    ['model', scope, modelEvent({ model: { name: 'other' } })],
    ['alias', scope, modelEvent({ change: { alias: 'staging' } })],
    [
      'kind, where an alias and a tag have one name',
      scope,
      modelEvent({ kind: 'tag.added', change: { tag: 'production' } }),
    ],
  ])('differs by %s', (_part, otherScope, event) => {
    expect(subjectKey(otherScope, event)).not.toBe(key)
  })

  it('differs by the version of a tag', () => {
    const tagged = (version: string) =>
      modelEvent({ kind: 'tag.added', change: { tag: 'reviewed' }, model: { version } })
    expect(subjectKey(scope, tagged('v3'))).not.toBe(subjectKey(scope, tagged('v4')))
  })

  it('differs by the id of a model that is known by its id alone', () => {
    const known = (id: string) => modelEvent({ model: { entity: null, project: null, name: null, id } })
    expect(subjectKey(scope, known('111'))).not.toBe(subjectKey(scope, known('222')))
  })

  it('does not run parts together', () => {
    const one = subjectKey({ ...scope, destination: 'a","b' }, aliasAdded)
    expect(one).not.toBe(subjectKey({ ...scope, destination: 'a', target: 'b' }, aliasAdded))
  })
})

describe('the dedupe key', () => {
  const key = dedupeKey(aliasAdded)

  it('is 32 hex characters', () => {
    expect(key).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is the same for a repeat, whatever its id and times', () => {
    const repeat = {
      ...aliasAdded,
      id: 'evt_99',
      received_at: '2026-11-23T00:00:00.000Z',
      occurred_at: '2026-11-22T00:00:00.000Z',
      repeat_of: 'evt_1',
      replay_of: 'evt_1',
      change: { ...aliasAdded.change, previous_version: 'v3' },
    }
    expect(dedupeKey(repeat)).toBe(key)
  })

  it('is the same for a stage change under its generic and its specific name', () => {
    const specific = { ...stageChanged, type: 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION' }
    expect(dedupeKey(specific)).toBe(dedupeKey(stageChanged))
  })

  it.each([
    ['version', modelEvent({ model: { version: 'v4' } })],
    ['alias', modelEvent({ change: { alias: 'staging' } })],
    ['kind', modelEvent({ kind: 'alias.removed' })],
    ['source', modelEvent({ source: { name: 'wandb-eu', type: 'wandb' } })],
  ])('differs by %s', (_part, event) => {
    expect(dedupeKey(event)).not.toBe(key)
  })

  it('tells runs apart by what they say, in any order of its keys', () => {
    const run = (parts: Record<string, string>) =>
      dedupeKey(modelEvent({ kind: 'run.changed', model: null, run: parts }))
    expect(run({ name: 'r1', status: 'FINISHED' })).toBe(run({ status: 'FINISHED', name: 'r1' }))
    expect(run({ name: 'r1', status: 'FINISHED' })).not.toBe(run({ name: 'r2', status: 'FINISHED' }))
  })
})
