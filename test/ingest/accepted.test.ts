import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  quiet: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: evaluate-links
    sources: [wandb]
    events: [LINK_ARTIFACT]
    destinations: [{ type: repository_dispatch, repository: acme/evaluation }]
  - name: deploy-production
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
      - { type: repository_dispatch, repository: acme/mirror, event_type: copy }
  - name: by-model-name
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: templated }
    destinations: [{ type: repository_dispatch, repository: 'acme/\${artifact_collection_name}' }]
`

describe('the answer to an accepted event', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { PUBLIC_URL: 'https://dispatch.example.com/' } })
  })
  afterAll(() => scene.close())
  const send = (body: Parameters<typeof sendWandb>[1], source = 'wandb') =>
    sendWandb(scene.receiver.url, body, { source })

  it('is 202 with what was matched, the deliveries, one sentence on what goes where, and a link', async () => {
    const { status, headers, body } = await send(aliasBody())
    expect(status).toBe(202)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(body).toEqual({
      status: 'accepted',
      event_id: expect.stringMatching(/^evt_[0-9a-f]+$/) as string,
      event: 'ADD_ARTIFACT_ALIAS',
      matched: ['deploy-production'],
      deliveries: [expect.stringMatching(/^dlv_/), expect.stringMatching(/^dlv_/)] as string[],
      message:
        'deploy-production -> repository_dispatch acme/serving; deploy-production -> repository_dispatch acme/mirror.',
      url: `https://dispatch.example.com/api/v1/events/${String(body['event_id'])}`,
    })
  })

  it('names the nearest automation and why it did not match, where none does', async () => {
    const { status, body } = await send(aliasBody({ alias: 'staging' }))
    expect(status).toBe(202)
    expect(body).toMatchObject({
      status: 'accepted',
      event: 'ADD_ARTIFACT_ALIAS',
      matched: [],
      deliveries: [],
    })
    expect(body['message']).toBe(
      'No automation matched. Nearest: deploy-production, because filter.alias: "staging" does not match "production".',
    )
  })

  it('says that no automation listens to a source that none names', async () => {
    const { body } = await send(aliasBody(), 'quiet')
    expect(body).toMatchObject({ matched: [], message: 'No automation listens to this source.' })
  })

  it('says at once why a matched event cannot be delivered', async () => {
    const { status, body } = await send(
      aliasBody({
        alias: 'templated',
        artifact_collection_name: 'no/such name',
        artifact_version_string: '',
      }),
    )
    expect(status).toBe(202)
    expect(body).toMatchObject({ matched: ['by-model-name'] })
    expect(body['message']).toMatch(/^by-model-name cannot be delivered: .+/)
  })

  it.each([
    ["the documents' script's own body", '{"key1": "value1", "key2": "value2"}'],
    ['an empty object', '{}'],
  ])('is 202 UNKNOWN with the template lines to add, for %s', async (_, text) => {
    const { status, body } = await send(text)
    expect(status).toBe(202)
    expect(body).toMatchObject({ status: 'accepted', event: 'UNKNOWN', matched: [], deliveries: [] })
    expect(body['hint']).toContain('"wandb_event_type": "${event_type}"')
    const event = (await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)).body
    expect(event).toMatchObject({ type: 'UNKNOWN', kind: 'other' })
  })

  it('says that all is right for a template that comes as it stands, as from the test panel of W&B', async () => {
    const { status, body } = await send('{"event_type": "${event_type}", "alias": "${alias}"}')
    expect(status).toBe(202)
    expect(body).toMatchObject({ status: 'accepted', event: 'UNKNOWN', matched: [] })
    expect(body['hint']).toBe('This is your template, unfilled: URL, secret and token are right.')
  })

  it('carries no hint where the event was recognised', async () => {
    const { body } = await send(aliasBody({ alias: 'hintless' }))
    expect(body).not.toHaveProperty('hint')
  })
})

describe('an event that was seen before', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it('is 200 with the first one’s id, and is dispatched once', async () => {
    const first = await sendWandb(scene.receiver.url, aliasBody())
    const again = await sendWandb(scene.receiver.url, aliasBody())
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ status: 'duplicate', event_id: first.body['event_id'] })
    await sendWandb(scene.receiver.url, aliasBody({ event_author: 'the next one' }))
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(2)
    expect(scene.github.dispatches.map(({ client_payload }) => client_payload['event_author'])).toEqual([
      'jane',
      'the next one',
    ])
  })

  it('is told from one of another model, and from the same change made again after another', async () => {
    const send = async (body: Record<string, unknown>) =>
      (await sendWandb(scene.receiver.url, body)).body['status']
    const moved = (model: string, alias: string) => aliasBody({ artifact_collection_name: model, alias })
    expect(await send(moved('a', 'v1-live'))).toBe('accepted')
    expect(await send(moved('b', 'v1-live'))).toBe('accepted')
    expect(await send(moved('a', 'v2-live'))).toBe('accepted')
    expect(await send(moved('a', 'v1-live'))).toBe('accepted')
    expect(await send(moved('a', 'v1-live'))).toBe('duplicate')
  })
})
