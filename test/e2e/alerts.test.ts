import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const CONFIG = `
version: 1
sources:
  wandb: { type: wandb, secrets: ["wandb-signing-secret-of-the-tests"] }
github:
  main: { repositories: ["acme/*"], writes_per_second: 0 }
automations:
  - name: deploy-production
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - { type: repository_dispatch, repository: "acme/\${artifact_collection_name}" }
  - name: tell-operations
    sources: [model-dispatch]
    events: ["*"]
    destinations:
      - { type: repository_dispatch, repository: acme/operations, event_type: trouble }
`

interface Item {
  id: string
  type: string
  event: { title: string; extra: Record<string, unknown> }
}

/** What the receiver says of itself. */
async function ownEvents(scene: Scene): Promise<Item[]> {
  const { body } = await scene.receiver.api('/api/v1/events?source=model-dispatch&limit=100')
  return body['items'] as Item[]
}
const typesOf = async (scene: Scene) => (await ownEvents(scene)).map(({ type }) => type)

/** Newest first: what each one is about. */
const targetsOf = async (scene: Scene) =>
  (await ownEvents(scene)).map(({ type, event }) => `${type} ${String(event.extra['target'])}`)

/**
 * Raises one more, of a cause of its own, and waits for it: whatever was raised before it is stored by then, since they
 * go to the store in their order.
 */
async function raiseMarker(scene: Scene, model: string): Promise<void> {
  scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
  await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: model }))
  await expect.poll(() => targetsOf(scene)).toContain(`delivery.failed acme/${model}`)
}

describe("the engine's own events", () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG })
  })
  afterAll(() => scene.close())

  it('tell an automation that a delivery has failed, what to do, and which one', async () => {
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: 'gone' }))
    await expect.poll(() => typesOf(scene)).toEqual(['delivery.failed'])
    const [event] = await ownEvents(scene)
    expect(event?.event.extra).toMatchObject({
      automation: 'deploy-production',
      target: 'acme/gone',
      delivery_id: (body['deliveries'] as string[])[0],
    })
    await expect.poll(() => scene.github.dispatches.map(({ event_type }) => event_type)).toContain('trouble')
  })

  it('come at most once per cause', async () => {
    for (const alias_mover of ['ann', 'bob', 'cleo']) {
      scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
      const body = aliasBody({ artifact_collection_name: 'gone', event_author: alias_mover })
      const { body: answer } = await sendWandb(scene.receiver.url, body)
      const [id] = answer['deliveries'] as string[]
      const status = async () => (await scene.receiver.api(`/api/v1/deliveries/${String(id)}`)).body['status']
      await expect.poll(status).toBe('failed')
    }
    await raiseMarker(scene, 'marker')
    expect(await targetsOf(scene)).toEqual(['delivery.failed acme/marker', 'delivery.failed acme/gone'])
  })

  it('tell when deliveries get through again', async () => {
    await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: 'gone', event_author: 'dora' }))
    await expect.poll(async () => (await targetsOf(scene))[0]).toBe('delivery.recovered acme/gone')
  })

  it('tell that an event has no valid target, once, whatever names its sender makes up', async () => {
    const before = await targetsOf(scene)
    for (const model of ['not a name', 'not another', 'not a third']) {
      const { body } = await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: model }))
      expect(body['message']).toMatch(/^deploy-production cannot be delivered/)
    }
    await raiseMarker(scene, 'marker-2')
    expect((await targetsOf(scene)).slice(1)).toEqual(['delivery.failed undefined', ...before])
    expect((await ownEvents(scene))[1]?.event.title).toMatch(/^deploy-production: .*not a name/)
  })

  it('never come of an alert that fails itself', async () => {
    const before = await targetsOf(scene)
    scene.github.failAlways({ kind: 'answer', name: 'not-found' })
    await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: 'other' }))
    await expect.poll(() => targetsOf(scene)).toContain('delivery.failed acme/other')
    const [raised] = await ownEvents(scene)
    const alerts = async () => {
      const { body } = await scene.receiver.api(
        `/api/v1/deliveries?event=${String(raised?.id)}&status=failed`,
      )
      return (body['items'] as unknown[]).length
    }
    await expect.poll(alerts).toBe(1)
    await raiseMarker(scene, 'marker-3')
    expect(await targetsOf(scene)).toEqual([
      'delivery.failed acme/marker-3',
      'delivery.failed acme/other',
      ...before,
    ])
    scene.github.failAlways(null)
  })

  it('tell that a source refuses one request after the other', async () => {
    for (let i = 0; i < 8; i++) await sendWandb(scene.receiver.url, aliasBody(), { secret: 'wrong' })
    await expect.poll(() => typesOf(scene)).toContain('source.rejecting')
    expect((await typesOf(scene)).filter((type) => type === 'source.rejecting')).toHaveLength(1)
  })

  it('tell that a changed configuration was refused', async () => {
    scene.receiver.writeConfig(CONFIG.replace('alias: production', 'alais: production'))
    await expect.poll(() => typesOf(scene)).toContain('config.refused')
    scene.receiver.writeConfig(CONFIG)
  })

  it('tell that a whole lane rests', async () => {
    scene.github.failNext({ kind: 'answer', name: 'bad-credentials' }, { operation: 'dispatch', times: 3 })
    await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: 'third' }))
    await expect.poll(() => typesOf(scene)).toContain('lane.paused')
  })
})
