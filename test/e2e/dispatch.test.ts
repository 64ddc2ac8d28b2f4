import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb, type Body, type SendOptions } from '../support/send.ts'
import { jsonFixture } from '../sources/fixtures.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  narrow:
    type: wandb
    secrets: ['\${env:WANDB_WEBHOOK_SECRET}']
    allow: { entity: [my-team], model: ['resnet*'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: everything
    sources: [wandb, narrow]
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/everything }]
  - name: renamed
    sources: [wandb]
    events: [UNLINK_ARTIFACT]
    destinations:
      - type: repository_dispatch
        repository: 'acme/\${artifact_collection_name}'
        event_type: 'unlinked-\${artifact_collection_name}'
        client_payload: { model: '\${artifact_version_string}', who: '\${event.author}', tags: '\${event.change.tags}' }
        parameters: { region: eu }
  - name: promoted
    sources: [databricks]
    events: [stage.changed]
    filter: { to_stage: Production }
    destinations: [{ type: repository_dispatch, repository: acme/serving, event_type: model-promoted }]
`

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
})
afterAll(() => scene.close())

/** The dispatches to a repository that one webhook caused. */
async function dispatchOf(send: typeof sendWandb, repository: string, body: Body, options?: SendOptions) {
  const answer = await send(scene.receiver.url, body, options)
  expect(answer.status, answer.text).toBe(202)
  const found = () =>
    scene.github.dispatches.find(({ repository: name, client_payload }) => {
      const { id } = client_payload['model_event'] as { id?: unknown }
      return name === repository && id === answer.body['event_id']
    })
  await expect.poll(found, { timeout: 5_000 }).toBeDefined()
  const dispatch = found()
  if (dispatch === undefined) throw new Error('it was not dispatched')
  return { ...dispatch, delivery_ids: answer.body['deliveries'] as string[] }
}

describe("W&B's documented template for GitHub", () => {
  const body = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-github-dispatch.json')
  const documented = body['client_payload'] as Record<string, string>

  it('reaches GitHub with its six keys unchanged and first, then model_event, and its own event_type BUILD_AND_DEPLOY', async () => {
    expect(Object.keys(documented)).toHaveLength(6)
    const { event_type, client_payload } = await dispatchOf(sendWandb, 'acme/everything', body)
    expect(event_type).toBe('BUILD_AND_DEPLOY')
    expect(client_payload).toMatchObject(documented)
    expect(Object.keys(client_payload)).toEqual([...Object.keys(documented), 'model_event'])
  })

  it('says which event it was about where its URL says so', async () => {
    const changed = { ...body, client_payload: { ...documented, event_author: 'joe' } }
    const options = { source: 'wandb?event=LINK_ARTIFACT' }
    const { event_type, client_payload } = await dispatchOf(sendWandb, 'acme/everything', changed, options)
    expect(event_type).toBe('BUILD_AND_DEPLOY')
    expect(client_payload).toMatchObject({
      event_author: 'joe',
      model_event: { type: 'LINK_ARTIFACT', kind: 'version.linked', model: { name: 'resnet50' } },
    })
  })
})

describe('a W&B event', () => {
  it('is dispatched with the ten documented keys, and the delivery in model_event', async () => {
    const sent = await dispatchOf(sendWandb, 'acme/everything', aliasBody())
    expect(sent.event_type).toBe('ADD_ARTIFACT_ALIAS')
    expect(Object.keys(sent.client_payload)).toEqual([
      'event_type',
      'event_author',
      'artifact_version',
      'artifact_version_string',
      'artifact_collection_name',
      'project_name',
      'entity_name',
      'alias',
      'tag',
      'model_event',
    ])
    expect(sent.client_payload).toMatchObject(aliasBody())
    expect(sent.client_payload['model_event']).toMatchObject({
      schema: 'model-dispatch/1',
      source: { name: 'wandb', type: 'wandb' },
      kind: 'alias.added',
      change: { alias: 'production' },
      automation: 'everything',
      delivery_id: sent.delivery_ids[0],
      truncated: [],
    })
  })

  it('is dispatched under the automation’s own event_type, repository, payload and parameters', async () => {
    const sent = await dispatchOf(sendWandb, 'acme/bert', {
      ...aliasBody({ artifact_collection_name: 'bert', alias: '' }),
      event_type: 'UNLINK_ARTIFACT',
    })
    expect(sent.event_type).toBe('unlinked-bert')
    expect(sent.client_payload).toEqual({
      model: 'my-team/model-registry/bert:v3',
      who: 'jane',
      tags: [],
      model_event: expect.objectContaining({ parameters: { region: 'eu' } }) as object,
    })
  })

  it('matches nothing outside of its source’s allow, and the answer says why', async () => {
    const send = async (parts: Record<string, unknown>) =>
      (await sendWandb(scene.receiver.url, aliasBody(parts), { source: 'narrow' })).body
    expect(await send({ n: 1 })).toMatchObject({ matched: ['everything'] })
    const theirs = 'others/model-registry/resnet50:production'
    expect(await send({ n: 2, entity_name: 'others', artifact_version_string: theirs })).toMatchObject({
      matched: [],
      message: expect.stringContaining('allow.entity: the source does not take "others"') as string,
    })
    expect(await send({ n: 3, artifact_collection_name: 'bert' })).toMatchObject({
      matched: [],
      message: expect.stringContaining('allow.model') as string,
    })
  })
})

describe('a Databricks stage change', () => {
  const body = jsonFixture('payloads', 'databricks', 'MODEL_VERSION_TRANSITIONED_STAGE.json')

  it('is dispatched with its own fields', async () => {
    const { event_type, client_payload } = await dispatchOf(sendDatabricks, 'acme/serving', body)
    expect(event_type).toBe('model-promoted')
    const { event: _event, event_timestamp: _time, ...fields } = body
    expect(client_payload).toMatchObject({ event_type: 'MODEL_VERSION_TRANSITIONED_STAGE', ...fields })
    expect(client_payload['model_event']).toMatchObject({
      kind: 'stage.changed',
      occurred_at: '2020-05-19T03:30:29.343Z',
      model: { name: 'Airline_Delay_SparkML', version: '8' },
      change: { from_stage: 'None', to_stage: 'Production' },
    })
  })

  it('is the same event when it comes again under its specific name', async () => {
    const specific = { ...body, event: 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION', webhook_id: 'another' }
    const { status, body: answer } = await sendDatabricks(scene.receiver.url, specific)
    expect(status).toBe(200)
    expect(answer['status']).toBe('duplicate')
  })

  it('is another event when it goes to another stage, and does not match', async () => {
    const { body: answer } = await sendDatabricks(scene.receiver.url, { ...body, to_stage: 'Archived' })
    expect(answer).toMatchObject({ status: 'accepted', matched: [] })
    expect(answer['message']).toContain('filter.to_stage: "Archived" does not match "Production"')
  })
})

describe('every request to GitHub', () => {
  it('is as GitHub describes and advises it', () => {
    expect(scene.github.requests.length).toBeGreaterThan(5)
    expect(scene.github.violations).toEqual([])
  })
})
