import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHuggingFaceBody } from '../../receiver/sources/huggingface/body.ts'
import { decodeMlflowBody } from '../../receiver/sources/mlflow/body.ts'
import { contradictionOf } from '../../src/contract/contradiction.ts'
import { decodeDatabricksBody } from '../../src/contract/databricks/body.ts'
import type { DecodedEvent, JsonObject } from '../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../src/contract/wandb/body.ts'
import { fixtureNames, jsonFixture } from '../sources/fixtures.ts'
import { modelEvent } from '../support/model-event.ts'

const ALIAS = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json')
const STAGE = jsonFixture('payloads', 'databricks', 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION.json')

function accepted(event: DecodedEvent, type: string) {
  return { ...modelEvent(), ...event, source: { name: 'any', type } }
}

/** What is wrong with a body of W&B, as the receiver and the Action would be told. */
function ofWandb(body: JsonObject, stated: string | null = null) {
  return contradictionOf(accepted(decodeWandbBody(body, stated).event, 'wandb'))
}

function ofDatabricks(body: JsonObject, stated: string | null = null) {
  return contradictionOf(accepted(decodeDatabricksBody(body, stated).event, 'databricks'))
}

describe('an event of W&B', () => {
  it('contradicts itself where its path names the model of somebody else', () => {
    const body = {
      ...ALIAS,
      entity_name: 'my-team',
      project_name: 'model-registry',
      artifact_collection_name: 'resnet50',
      artifact_version_string: 'mallory/evil-project/backdoor:v1',
    }
    expect(ofWandb(body)).toEqual({
      message:
        'The event contradicts itself: entity_name is "my-team", project_name is "model-registry" and ' +
        'artifact_collection_name is "resnet50", ' +
        'but artifact_version_string is "mallory/evil-project/backdoor:v1".',
      fix: expect.stringContaining('"artifact_collection_name": "${artifact_collection_name}"') as string,
    })
  })

  it.each([
    ['entity_name', 'our-team'],
    ['entity_name', 'My-Team'],
    ['project_name', 'wandb-registry-model'],
    ['artifact_collection_name', 'resnet50 v2'],
    ['artifact_collection_name', 'resnet5'],
    ['alias', 'staging'],
    ['artifact_version_string', 'my-team/model-registry/backdoor:production'],
    ['artifact_version_string', 'my-team/model-registry/resnet50:latest'],
    ['artifact_version_string', 'backdoor:v7'],
    ['artifact_version_string', 'https://evil.example/resnet50:production'],
    ['artifact_version_string', 'a/my-team/model-registry/resnet50:production'],
  ])('contradicts itself where %s is %j, and says so', (word, text) => {
    const message = ofWandb({ ...ALIAS, [word]: text })?.message
    expect(message).toContain(`${word} is ${JSON.stringify(text)}`)
  })

  it('contradicts itself where its index and its path are two versions', () => {
    const body = { ...ALIAS, artifact_version_index: '7' }
    expect(ofWandb({ ...body, artifact_version_string: 'my-team/model-registry/resnet50:v7' })).toBeNull()
    expect(
      ofWandb({ ...body, artifact_version_string: 'my-team/model-registry/resnet50:v3' })?.message,
    ).toContain('artifact_version_index is "v7", but artifact_version_string is')
  })

  it.each([
    ['in another spelling', { Artifact_Collection_Name: 'backdoor' }],
    ['inside client_payload', { client_payload: { artifact_collection_name: 'backdoor' } }],
    ['inside variables', { variables: { ARTIFACT_COLLECTION_NAME: 'backdoor' } }],
  ])('contradicts itself where it names another model %s', (_where, more) => {
    const message = ofWandb({ ...ALIAS, ...more })?.message
    expect(message).toContain('artifact_collection_name is "resnet50", but another')
    expect(message).toContain('is "backdoor"')
  })

  it.each(['event_author', 'entity_name', 'project_name', 'artifact_version', 'alias'])(
    'contradicts itself where %s stands twice with two values',
    (word) => {
      const body = { ...ALIAS, client_payload: { [word]: 'other' } }
      expect(ofWandb(body)?.message).toContain(`but another ${word} is "other"`)
    },
  )

  it('tells one story where a word stands twice with one value', () => {
    expect(ofWandb({ ...ALIAS, event_type: 'deploy', client_payload: ALIAS })).toBeNull()
    expect(ofWandb({ ...ALIAS, ALIAS: 'production', variables: { ALIAS: '' } })).toBeNull()
  })

  it.each([
    ['without a path', { artifact_version_string: '' }],
    ['with a path of a version', { artifact_version_string: 'my-team/model-registry/resnet50:v3' }],
    ['with a path without its entity', { artifact_version_string: 'model-registry/resnet50:production' }],
    ['with a name alone', { artifact_version_string: 'resnet50:production' }],
    ['without words', { entity_name: '', project_name: '', artifact_collection_name: '' }],
    ['with words of the user’s own', { model: 'other', entity: 'other', version: 'v9', team: 'x' }],
    ['with a tag that belongs to no event of tags', { tag: 'v9' }],
  ])('tells one story %s', (_what, parts) => expect(ofWandb({ ...ALIAS, ...parts })).toBeNull())

  it('is not judged by an alias that is not its own', () => {
    expect(ofWandb({ ...ALIAS, alias: 'staging' }, 'LINK_ARTIFACT')).toBeNull()
  })

  it.each(fixtureNames('payloads', 'wandb').filter((name) => name.startsWith('SYNTH')))(
    'tells one story as W&B renders it: %s',
    (name) => expect(ofWandb(jsonFixture('payloads', 'wandb', name))).toBeNull(),
  )
})

describe('a template of W&B, whichever words it has', () => {
  const part = fc.string({
    unit: fc.constantFrom('a', 'B', '7', ' ', '-', '.', '_', '漢'),
    minLength: 1,
    maxLength: 8,
  })
  const name = part.map((text) => `n${text}n`)
  const story = fc.record({
    entity: name,
    project: name,
    model: name,
    alias: name,
    version: fc.nat({ max: 99 }),
  })
  const words = fc.subarray([
    'entity_name',
    'project_name',
    'artifact_collection_name',
    'artifact_version_index',
  ])
  const places = fc.constantFrom(
    (body: JsonObject) => body,
    (body: JsonObject) => ({ event_type: 'deploy', client_payload: body }),
    (body: JsonObject) => ({ variables: body }),
    (body: JsonObject) => ({ ...body, client_payload: body }),
  )

  function bodyOf(
    told: Record<'entity' | 'project' | 'model' | 'alias', string> & { version: number },
    ref: string,
  ) {
    return {
      wandb_event_type: 'ADD_ARTIFACT_ALIAS',
      alias: told.alias,
      entity_name: told.entity,
      project_name: told.project,
      artifact_collection_name: told.model,
      artifact_version_index: String(told.version),
      artifact_version_string: `${told.entity}/${told.project}/${told.model}:${ref}`,
    }
  }

  it('tells one story where every word is filled from one version', () => {
    fc.assert(
      fc.property(story, fc.boolean(), words, places, (told, byVersion, left_out, place) => {
        const body = bodyOf(told, byVersion ? `v${told.version}` : told.alias)
        const kept = Object.entries(body).filter(([word]) => !left_out.includes(word))
        expect(ofWandb(place(Object.fromEntries(kept)))).toBeNull()
      }),
    )
  })

  it('contradicts itself where one word is filled from another one', () => {
    fc.assert(
      fc.property(
        story,
        story,
        fc.constantFrom('entity', 'project', 'model', 'alias'),
        places,
        (told, other, part, place) => {
          fc.pre(told[part] !== other[part])
          const body = { ...bodyOf(told, told.alias), artifact_version_string: '' }
          const path = { ...told, [part]: other[part] }
          body.artifact_version_string = bodyOf(path, path.alias).artifact_version_string
          expect(ofWandb(place(body))).not.toBeNull()
        },
      ),
    )
  })
})

describe('an event of Databricks', () => {
  it('contradicts itself where its name and its stage are two stages', () => {
    expect(ofDatabricks({ ...STAGE, to_stage: 'Staging' })).toEqual({
      message:
        'The event contradicts itself: to_stage is "Staging", ' +
        'but the event is "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION".',
      fix: expect.stringMatching(/^Look at who sends/) as string,
    })
    expect(ofDatabricks(STAGE, 'MODEL_VERSION_TRANSITIONED_TO_ARCHIVED')).not.toBeNull()
    expect(ofDatabricks({ ...STAGE, to_stage: 'PRODUCTION' })).toBeNull()
  })

  it.each(fixtureNames('payloads', 'databricks'))('tells one story as Databricks sends it: %s', (name) =>
    expect(ofDatabricks(jsonFixture('payloads', 'databricks', name))).toBeNull(),
  )
})

describe('an event of another registry', () => {
  it.each(fixtureNames('payloads', 'mlflow'))('tells one story as MLflow sends it: %s', (name) => {
    const { event } = decodeMlflowBody(jsonFixture('payloads', 'mlflow', name), null)
    expect(contradictionOf(accepted(event, 'mlflow'))).toBeNull()
  })

  it.each(fixtureNames('payloads', 'huggingface'))('tells one story as the Hub sends it: %s', (name) => {
    const events = decodeHuggingFaceBody(jsonFixture('payloads', 'huggingface', name), null)
    expect(events.map(({ event }) => contradictionOf(accepted(event, 'huggingface')))).toEqual(
      events.map(() => null),
    )
  })

  it('contradicts itself where the page is that of another repository', () => {
    const body = jsonFixture('payloads', 'huggingface', 'repo.create.json')
    const repo = body['repo'] as JsonObject
    const url = { web: 'https://huggingface.co/mallory/backdoor' }
    const [decoded] = decodeHuggingFaceBody({ ...body, repo: { ...repo, url } }, null)
    if (decoded === undefined) throw new Error('There is no event.')
    expect(contradictionOf(accepted(decoded.event, 'huggingface'))?.message).toMatch(
      /repo\.name is ".*", but repo\.url is "https:\/\/huggingface\.co\/mallory\/backdoor"/,
    )
  })
})

describe('an event off the wire', () => {
  it.each([
    ['wandb', { pinned: 'mallory/evil/backdoor:v3' }, 'the pinned reference is "mallory/evil/backdoor:v3"'],
    ['wandb', { pinned: 'my-team/model-registry/resnet50:v4' }, 'artifact_version_index is "v3"'],
    ['wandb', { registry: 'vision' }, 'the registry is "vision", but project_name is "model-registry"'],
    ['mlflow', { name: 'a', reference: 'models:/b/3', pinned: null }, 'model_name is "a"'],
    ['mlflow', { name: 'a', version: '4', reference: 'models:/a/3', pinned: null }, 'version is "4"'],
    ['databricks', { name: 'a', reference: 'models:/b@champion', pinned: null }, 'model_name is "a"'],
    ['mlflow', { reference: 'models:/resnet50@champion', pinned: null }, 'alias is "production"'],
    ['huggingface', { entity: 'o', reference: 'p/resnet50', pinned: null }, 'repo.name is "o/resnet50"'],
    ['huggingface', { entity: 'o', reference: null, pinned: 'o/resnet50@abc' }, 'the revision is "v3"'],
  ])('of %s contradicts itself with the model %j', (type, model, words) => {
    const event = modelEvent({ source: { name: 'any', type }, model })
    expect(contradictionOf(event)?.message).toContain(words)
  })

  it('tells one story as the receiver sends it', () => {
    expect(contradictionOf(modelEvent())).toBeNull()
    expect(contradictionOf(modelEvent({ model: null }))).toBeNull()
    const uri = { version: '3', reference: 'models:/resnet50@production', pinned: 'models:/resnet50/3' }
    expect(contradictionOf(modelEvent({ source: { name: 'x', type: 'mlflow' }, model: uri }))).toBeNull()
  })

  it('is quoted in bounded pieces and on one line', () => {
    const name = `${'x'.repeat(100_000)}\n"`
    const message = contradictionOf(modelEvent({ model: { name } }))?.message ?? ''
    expect(message.length).toBeLessThan(500)
    expect(message).not.toContain('\n')
  })
})
