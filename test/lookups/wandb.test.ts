import { describe, expect, it } from 'vitest'
import { SOON } from '../regressions/receiver.ts'
import { WANDB_API_KEY, WANDB_SCHEMAS } from '../standins/wandb.ts'
import { RESNET, settled, startLookupScene, type LookupScene } from './scene.ts'

/** An artifact version that W&B does not know. */
const OTHER = 'wandb-artifact://_id/QXJ0aWZhY3Q6MQ=='

describe('a look-up in W&B', () => {
  it('is still to come when the webhook is answered, which says so', async () => {
    const scene = await startLookupScene()
    const { status, body } = await scene.send()
    expect(status).toBe(202)
    expect(body).toMatchObject({
      ...{ status: 'accepted', event: 'ADD_ARTIFACT_ALIAS', matched: null, deliveries: [] },
      message: 'Its registry is asked about resnet50 before it is matched.',
    })
  })

  it('lets automations ask for metadata at any depth', async () => {
    const condition = 'event.metadata.eval.slices.exists(s, s.name == "night" && s.accuracy > 0.9)'
    const scene = await startLookupScene({ condition })
    const found = await settled(scene, await scene.send())
    expect(found).toMatchObject({ status: 'matched', deliveries: [{}] })
    await expect.poll(() => scene.house.github.dispatches, SOON).toHaveLength(1)
    expect(scene.house.github.dispatches[0]?.client_payload).toMatchObject({
      model_event: { model: { version: 'v3' }, metadata: { loss: 0.5 } },
    })
  })

  it('tells version, aliases, tags, run and page', async () => {
    const scene = await startLookupScene()
    const { event } = await settled(scene, await scene.send())
    expect(event.title).toBe('resnet50 v3 -> production by jane')
    expect(event.model).toMatchObject({
      version: 'v3',
      pinned: 'my-team/model-registry/resnet50:v3',
      reference: 'my-team/model-registry/resnet50:production',
      url: `${scene.wandb.url}/my-team/registry/model?selectionPath=my-team%2Fmodel-registry%2Fresnet50&view=membership&version=v3`,
    })
    expect(event.run).toMatchObject({ id: '1a2b3c4d', name: 'bright-sun-42', status: 'finished' })
    expect(event.extra.lookup).toMatchObject({
      aliases: ['latest', 'production'],
      tags: ['approved'],
      source: 'my-team/model-registry/resnet50:v3',
    })
  })

  it("gives the registry's own version, not that of the project where the version was made", async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, {
      ...RESNET,
      collections: {
        'my-team/training/run-out': { version: 41, aliases: ['latest'] },
        'acme_org/wandb-registry-vision/resnet50': { version: 2, aliases: ['production'] },
      },
    })
    const answer = await scene.send({
      artifact_version_string: 'acme_org/wandb-registry-vision/resnet50:production',
      project_name: 'wandb-registry-vision',
      entity_name: 'acme_org',
    })
    const { event } = await settled(scene, answer)
    expect(event.model).toMatchObject({
      version: 'v2',
      url: `${scene.wandb.url}/orgs/Acme%20Corp/registry/vision?selectionPath=acme_org%2Fwandb-registry-vision%2Fresnet50&view=membership&version=v2`,
    })
  })

  it('finds the version by its path where the body has no id', async () => {
    const scene = await startLookupScene()
    const { event } = await settled(scene, await scene.send({ artifact_version: '' }))
    expect(event.model).toMatchObject({ version: 'v3', id: RESNET.id })
  })

  it.each([
    ['of 2024', WANDB_SCHEMAS.older, {}],
    ['of 2024, by path', WANDB_SCHEMAS.older, { artifact_version: '' }],
    ['without memberships', WANDB_SCHEMAS.older.replace(/^ {2}artifactMemberships.*$/m, ''), {}],
    [
      'without creators and types',
      WANDB_SCHEMAS.older.replace(/^ {2}(createdBy|artifactType): .*$/gm, ''),
      {},
    ],
  ])('works with a self-hosted server %s, whose schema lacks fields', async (_, schema, parts) => {
    const scene = await startLookupScene({ schema })
    const { status, event } = await settled(scene, await scene.send(parts))
    expect(status).toBe('matched')
    expect(event).toMatchObject({ model: { version: 'v3' }, metadata: { loss: 0.5 } })
    expect(event.extra.lookup).toMatchObject({ aliases: ['latest', 'production'] })
  })

  it('takes metadata that Python wrote, with NaN in it', async () => {
    const scene = await startLookupScene()
    const metadata = '{"loss": NaN, "note": "NaN is \\"not\\" a number", "best": -Infinity, "epochs": 3}'
    scene.wandb.artifacts.set(RESNET.id, { ...RESNET, metadata })
    const { event } = await settled(scene, await scene.send())
    expect(event.metadata).toEqual({ note: 'NaN is "not" a number', epochs: 3 })
  })

  it('is not held up by metadata whose text never ends, however many quotes it has', async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, { ...RESNET, metadata: `"${'\\"'.repeat(300_000)}` })
    const began = performance.now()
    const { status, event } = await settled(scene, await scene.send())
    expect(performance.now() - began).toBeLessThan(5_000)
    expect([status, event.metadata]).toEqual(['matched', {}])
  })

  it('keeps one line of what the registry says of an error, however much that is', async () => {
    const scene = await startLookupScene()
    scene.wandb.misbehave((_, response) => {
      response.end(JSON.stringify({ errors: [{ message: 'no such\nthing '.repeat(100_000) }] }))
      return true
    })
    const answer = await scene.send()
    const told = () => scene.house.log.filter((line) => line['message'] === 'look-up failed')
    await expect.poll(told, SOON).toHaveLength(1)
    expect(told()[0]?.['reason']).toMatch(/^W&B answers with an error: no such thing no such .{300,500}…$/)
    scene.clock.ahead += 61_000
    const { event } = await settled(scene, answer)
    expect(String(event.extra.lookup?.['error']).length).toBeLessThanOrEqual(500)
  })

  it('shows the API key nowhere, also where the answer holds it', async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, { ...RESNET, metadata: JSON.stringify({ key: WANDB_API_KEY }) })
    const found = await settled(scene, await scene.send())
    expect(found.event.metadata).toEqual({ key: '[secret]' })
    expect(JSON.stringify([found, scene.house.log])).not.toContain(WANDB_API_KEY)
  })
})

describe('an alias that W&B does not show on the version', () => {
  const without = {
    ...RESNET,
    collections: { 'my-team/model-registry/resnet50': { version: 3, aliases: ['latest'] } },
  }
  /** Resolves when W&B was asked about the version `times` times. Another event wakes the look-ups at the time that it is. */
  async function asked(scene: LookupScene, times: number) {
    const count = () => scene.wandb.asked.filter(({ variables }) => variables['id'] === RESNET.id).length
    if (count() < times) {
      scene.clock.ahead += 10_000
      await scene.send({ artifact_collection_name: `vgg${times}`, artifact_version: OTHER })
    }
    await expect.poll(count, SOON).toBe(times)
  }

  it('makes the event stale once W&B was asked three times, and starts nothing', async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, without)
    const answer = await scene.send()
    for (const times of [1, 2]) {
      await asked(scene, times)
      expect((await scene.event(answer)).status).toBe('enriching')
    }
    await asked(scene, 3)
    const found = await settled(scene, answer)
    expect(found).toMatchObject({ status: 'stale', deliveries: [] })
    const list = await scene.house.api('/api/v1/events?status=stale')
    expect(list.body['items']).toHaveLength(1)
    expect((await scene.replay(found.id)).status).toBe(409)
  })

  it('counts as set where W&B shows it at the second try: the first one reached a replica that was behind', async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, without)
    const answer = await scene.send()
    await asked(scene, 1)
    expect((await scene.event(answer)).status).toBe('enriching')
    scene.wandb.artifacts.set(RESNET.id, RESNET)
    await asked(scene, 2)
    expect(await settled(scene, answer)).toMatchObject({ status: 'matched', deliveries: [{}] })
  })

  it('makes the event stale also where W&B then does not answer until the time to ask is over', async () => {
    const scene = await startLookupScene()
    scene.wandb.artifacts.set(RESNET.id, without)
    const answer = await scene.send()
    await asked(scene, 1)
    scene.wandb.misbehave((_, response) => {
      response.writeHead(503).end()
      return true
    })
    await asked(scene, 2)
    scene.clock.ahead += 60_000
    expect(await settled(scene, answer)).toMatchObject({ status: 'stale', deliveries: [] })
  })

  it('makes a replay stale at once, since its change is long over', async () => {
    const scene = await startLookupScene({ mode: 'required' })
    scene.wandb.artifacts.clear()
    const answer = await scene.send()
    await asked(scene, 1)
    scene.clock.ahead += 60_000
    const failed = await settled(scene, answer)
    expect(failed.status).toBe('lookup_failed')
    scene.wandb.artifacts.set(RESNET.id, without)
    const before = scene.wandb.asked.length
    expect((await settled(scene, await scene.replay(failed.id))).status).toBe('stale')
    expect(scene.wandb.asked).toHaveLength(before + 1)
  })
})

describe('a W&B that does not answer', () => {
  it('is asked for 60 s by an optional look-up, and the event is matched without it', async () => {
    const scene = await startLookupScene()
    scene.wandb.misbehave((_, response) => {
      response.writeHead(503).end('down for maintenance')
      return true
    })
    const answer = await scene.send()
    await expect.poll(() => scene.wandb.asked.length, SOON).toBeGreaterThan(0)
    expect((await scene.event(answer)).status).toBe('enriching')
    scene.clock.ahead += 60_000
    const { status, event } = await settled(scene, answer)
    expect(status).toBe('matched')
    expect(event.metadata).toEqual({})
    expect(event.extra.lookup).toEqual({
      error: '127.0.0.1:'.concat(new URL(scene.wandb.url).port, ' answered 503: down for maintenance'),
    })
  })

  it('is asked for 72 h by a required look-up; then the event has failed, and can be replayed', async () => {
    const scene = await startLookupScene({ mode: 'required' })
    scene.wandb.misbehave((_, response) => {
      response.writeHead(503).end()
      return true
    })
    const answer = await scene.send()
    await expect.poll(() => scene.wandb.asked.length, SOON).toBeGreaterThan(0)
    scene.clock.ahead += 72 * 3_600_000 - 60_000
    await expect.poll(() => scene.wandb.asked.length, SOON).toBeGreaterThan(1)
    const waiting = await scene.event(answer)
    expect(waiting.status).toBe('enriching')
    expect((await scene.replay(waiting.id)).body).toMatchObject({ code: 'event_enriching' })
    scene.clock.ahead += 120_000
    const failed = await settled(scene, answer)
    expect(failed).toMatchObject({ status: 'lookup_failed', deliveries: [] })
    scene.wandb.misbehave(null)
    const replayed = await scene.replay(failed.id)
    expect(replayed.status).toBe(202)
    expect(await settled(scene, replayed)).toMatchObject({
      status: 'matched',
      event: { metadata: { loss: 0.5 } },
    })
  })

  it('holds up no event of another model', async () => {
    const scene = await startLookupScene()
    scene.wandb.misbehave(({ variables }) => variables['id'] === 'QXJ0aWZhY3Q6MQ==')
    const hanging = await scene.send({
      artifact_version: OTHER,
      artifact_collection_name: 'vgg16',
    })
    expect((await settled(scene, await scene.send())).status).toBe('matched')
    expect((await scene.event(hanging)).status).toBe('enriching')
  })

  it('is asked again after a restart', async () => {
    const scene = await startLookupScene()
    scene.wandb.misbehave(() => true)
    const answer = await scene.send()
    await expect.poll(() => scene.wandb.asked.length, SOON).toBe(1)
    scene.wandb.misbehave(null)
    await scene.house.restart()
    expect(await settled(scene, answer)).toMatchObject({
      status: 'matched',
      event: { metadata: { loss: 0.5 } },
    })
  })
})
