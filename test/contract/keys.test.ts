import { describe, expect, it } from 'vitest'
import { dedupeKey, slotOf, subjectKey } from '../../src/contract/keys.ts'
import { aliasAdded, modelEvent, stageChanged, versionLinked } from '../action/events.ts'

const scope = { destination: 'repository_dispatch', target: 'acme/serving', listener: 'deploy' }

describe('the slot of an event', () => {
  it.each([
    ['the alias, when it was added', aliasAdded, 'alias:production'],
    ['the alias, when it was removed', modelEvent({ kind: 'alias.removed' }), 'alias:production'],
    ['the tag', modelEvent({ kind: 'tag.added', change: { tag: 'approved' } }), 'tag:approved'],
    ['the key of a tag pair', modelEvent({ kind: 'tag.added', change: { tag: 'state=ok=1' } }), 'tag:state'],
    ['`stage`', stageChanged, 'stage'],
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
    expect(slotOf(event)).toBe(slot)
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
