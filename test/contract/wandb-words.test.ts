import { describe, expect, it } from 'vitest'
import { SCHEMA, type JsonObject, type ModelEvent } from '../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../src/contract/wandb/body.ts'
import { WANDB_WORDS, wandbMetadata, wandbWords } from '../../src/contract/wandb/words.ts'
import { databricks } from '../../receiver/sources/databricks/databricks.ts'
import { parseAs, jsonFixture } from '../sources/fixtures.ts'

const ALIAS = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json')

function accepted(
  event: Omit<
    ModelEvent,
    'schema' | 'id' | 'received_at' | 'source' | 'synthetic' | 'repeat_of' | 'replay_of'
  >,
  type: string,
): ModelEvent {
  return {
    schema: SCHEMA,
    id: 'evt_1',
    received_at: '2026-11-22T03:04:05.678Z',
    source: { name: type, type },
    synthetic: false,
    repeat_of: null,
    replay_of: null,
    ...event,
  }
}

function wandbEvent(body: JsonObject) {
  const { event, flat } = decodeWandbBody(body, null)
  return { event: accepted(event, 'wandb'), flat }
}

function words(body: JsonObject) {
  const { event, flat } = wandbEvent(body)
  return wandbWords(event, flat)
}

describe('template words', () => {
  it('are exactly what W&B rendered, for a W&B event', () => {
    expect(words(ALIAS)).toMatchObject(ALIAS)
  })

  it('are all there and "" where they do not apply', () => {
    const all = words({})
    expect(Object.keys(all)).toEqual([...WANDB_WORDS])
    expect(new Set(Object.values({ ...all, event_type: '' }))).toEqual(new Set(['']))
  })

  it('are filled in from what was understood where the body left them out', () => {
    const body = { event_type: 'LINK_MODEL', artifact_version_string: 'e/wandb-registry-r/c:v3' }
    expect(words(body)).toMatchObject({
      event_type: 'LINK_ARTIFACT',
      entity_name: 'e',
      project_name: 'wandb-registry-r',
      artifact_collection_name: 'c',
      artifact_version_index: '3',
    })
  })

  it('cover runs, metrics and the automation', () => {
    const body = {
      event_type: 'RUN_METRIC',
      client_payload: {
        run_name: 'sun-42',
        metric_name: 'loss',
        metric_values: '0.1',
        automation_name: 'watch',
      },
    }
    expect(words(body)).toMatchObject({
      run_name: 'sun-42',
      metric_name: 'loss',
      metric_values: '0.1',
      automation_name: 'watch',
    })
    expect(words({ event_type: 'LINK_ARTIFACT', client_payload: { name: 'not a run' } }).run_name).toBe('')
  })

  it('mean the same for another registry', () => {
    const body = jsonFixture('payloads', 'databricks', 'MODEL_VERSION_TAG_SET.json')
    const [parsed] = parseAs(databricks, JSON.stringify(body))
    if (parsed === undefined) throw new Error('no event')
    expect(wandbWords(accepted(parsed.event, 'databricks'), parsed.flat)).toMatchObject({
      event_type: 'MODEL_VERSION_TAG_SET',
      event_author: '',
      entity_name: '',
      artifact_collection_name: 'Airline_Delay_SparkML',
      artifact_version: '',
      artifact_version_string: 'models:/Airline_Delay_SparkML/8',
      artifact_version_index: '8',
      tag: 'key1=value1',
      message: '',
    })
  })
})

describe('metadata in templates', () => {
  const { event } = wandbEvent({
    ...ALIAS,
    metadata: { text: 'a "b"', accuracy: 0.93, ok: false, none: null, list: [1, 2] },
  })

  it.each([
    ['text', 'a "b"'],
    ['accuracy', '0.93'],
    ['ok', 'false'],
    ['list', '[1,2]'],
    ['none', ''],
    ['missing', ''],
    ['constructor', ''],
    ['__proto__', ''],
  ])('%s is %j', (key, text) => expect(wandbMetadata(event, key)).toBe(text))
})
