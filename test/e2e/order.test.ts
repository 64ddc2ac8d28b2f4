import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

/** The alias `production` moves to this version. */
const version = (n: number) => aliasBody({ artifact_version_index: String(n) })

describe('events about one alias of one model', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it('are dispatched in the order in which they were accepted, however slow GitHub is', async () => {
    scene.github.failAlways({ kind: 'slow', ms: 20 })
    for (let n = 0; n < 10; n++) await sendWandb(scene.receiver.url, version(n))
    await expect.poll(() => scene.github.dispatches.length, { timeout: 10_000 }).toBe(10)
    const versions = scene.github.dispatches.map(
      ({ client_payload }) => (client_payload['model_event'] as { model: { version: string } }).model.version,
    )
    expect(versions).toEqual(Array.from({ length: 10 }, (_, n) => `v${n}`))
    scene.github.failAlways(null)
  })

  it('carry the version that held the alias before', async () => {
    const { body } = await sendWandb(scene.receiver.url, version(10))
    const stored = await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)
    expect(stored.body['event']).toMatchObject({ change: { previous_version: 'v9' } })
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(11)
  })

  it('are superseded while they fail: a newer one goes out and the older never rolls it back', async () => {
    scene.github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'dispatch' })
    const count = scene.github.dispatches.length
    const older = await sendWandb(scene.receiver.url, version(11))
    const [older_id] = older.body['deliveries'] as string[]
    const statusOf = async () => (await scene.receiver.api(`/api/v1/deliveries/${String(older_id)}`)).body
    await expect.poll(async () => (await statusOf())['attempts'], { timeout: 5_000 }).toHaveLength(1)
    await sendWandb(scene.receiver.url, version(12))
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBeGreaterThan(count)
    expect(await statusOf()).toMatchObject({ status: 'superseded', next_attempt_at: null })
    expect(scene.github.dispatches.at(-1)?.client_payload['model_event']).toMatchObject({
      model: { version: 'v12' },
    })
  })
})
