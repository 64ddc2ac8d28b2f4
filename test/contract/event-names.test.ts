import { describe, expect, it } from 'vitest'
import { decodeDatabricksBody } from '../../src/contract/databricks/body.ts'
import { eventNames } from '../../src/contract/event-names.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { modelEvent } from '../support/model-event.ts'

/** Every name of the event that a body of Databricks is. */
function namesOf(file: string, parts = {}): string[] {
  const { event } = decodeDatabricksBody({ ...jsonFixture('payloads', 'databricks', file), ...parts }, null)
  return eventNames({ ...modelEvent(), ...event, source: { name: 'ws', type: 'databricks' } }).sort()
}

const PRODUCTION = [
  'MODEL_VERSION_TRANSITIONED_STAGE',
  'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION',
  'stage.changed',
]

describe('the names of an event', () => {
  it.each(['MODEL_VERSION_TRANSITIONED_STAGE.json', 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION.json'])(
    'are the generic and the specific one for a change of stage, whichever came: %s',
    (file) => expect(namesOf(file)).toEqual(PRODUCTION),
  )

  it.each(['TRANSITION_REQUEST_CREATED.json', 'TRANSITION_REQUEST_TO_PRODUCTION_CREATED.json'])(
    'are the generic and the specific one for a request, whichever came: %s',
    (file) =>
      expect(namesOf(file, { to_stage: 'Production' })).toEqual([
        'TRANSITION_REQUEST_CREATED',
        'TRANSITION_REQUEST_TO_PRODUCTION_CREATED',
        'stage.requested',
      ]),
  )

  it('are the generic one alone for a stage that has no event of its own', () => {
    expect(namesOf('MODEL_VERSION_TRANSITIONED_STAGE.json', { to_stage: 'None' })).toEqual([
      'MODEL_VERSION_TRANSITIONED_STAGE',
      'stage.changed',
    ])
  })

  it('are its own and its kind for every other event', () => {
    expect(eventNames(modelEvent())).toEqual(['ADD_ARTIFACT_ALIAS', 'alias.added'])
    const archived = modelEvent({
      type: 'x',
      kind: 'stage.changed',
      change: { to_stage: 'Archived' },
    })
    expect(eventNames(archived)).toEqual(['x', 'stage.changed'])
  })
})
