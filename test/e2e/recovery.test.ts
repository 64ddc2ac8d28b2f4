import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const version = (n: number, model = 'resnet50') =>
  aliasBody({ artifact_version_index: String(n), artifact_collection_name: model })

describe('recovering', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  const send = async (body: Record<string, unknown>) => {
    const { body: answer } = await sendWandb(scene.receiver.url, body)
    const [delivery = ''] = answer['deliveries'] as string[]
    return { event: String(answer['event_id']), delivery }
  }
  const statusOf = async (id: string) => (await scene.receiver.api(`/api/v1/deliveries/${id}`)).body['status']
  const post = (path: string, body: unknown = {}) =>
    scene.receiver.api(`/api/v1${path}`, { method: 'POST', body })
  const versionsSent = (model = 'resnet50') =>
    scene.github.dispatches
      .map(
        ({ client_payload }) =>
          (client_payload['model_event'] as { model: { name: string; version: string } }).model,
      )
      .filter(({ name }) => name === model)
      .map((sent) => sent.version)

  it('v3 -> v4 -> v3 under a failing GitHub ends with v3, and a bulk redelivery changes nothing of that', async () => {
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 2 })
    const first = await send(version(3))
    await expect.poll(() => statusOf(first.delivery)).toBe('failed')
    const second = await send(version(4))
    await expect.poll(() => statusOf(second.delivery)).toBe('failed')
    const third = await send(version(3))
    await expect.poll(() => statusOf(third.delivery)).toBe('succeeded')
    const { status, body } = await post('/deliveries/redeliver?all=true')
    expect({ status, body }).toEqual({
      status: 202,
      body: { redelivered: 0, stale: 2, no_target: 0, next_cursor: null },
    })
    expect(versionsSent()).toEqual(['v3'])
  })

  it('puts all dead letters of one automation back, oldest first', async () => {
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 2 })
    const lost = [await send(version(1, 'bert')), await send(version(1, 'gpt'))]
    for (const { delivery } of lost) await expect.poll(() => statusOf(delivery)).toBe('failed')
    const { body } = await post('/deliveries/redeliver?automation=deploy-production&all=true')
    expect(body).toMatchObject({ redelivered: 2 })
    for (const { delivery } of lost) await expect.poll(() => statusOf(delivery)).toBe('succeeded')
  })

  it('replays an event through the automations of today, as a new event that says so', async () => {
    const { event, delivery } = await send(version(7, 'clip'))
    await expect.poll(() => statusOf(delivery)).toBe('succeeded')
    const { status, body } = await post(`/events/${event}/replay`)
    expect(status).toBe(202)
    expect(body).toMatchObject({ replay_of: event, stale: 0 })
    await expect.poll(() => versionsSent('clip')).toEqual(['v7', 'v7'])
    const again = await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)
    expect(again.body['event']).toMatchObject({ replay_of: event, model: { version: 'v7' } })
  })

  it('refuses a replay that would roll back, unless it is forced', async () => {
    const old = await send(version(1, 'llama'))
    await expect.poll(() => statusOf(old.delivery)).toBe('succeeded')
    const young = await send(version(2, 'llama'))
    await expect.poll(() => statusOf(young.delivery)).toBe('succeeded')
    const refused = await post(`/events/${old.event}/replay`)
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'event_stale' })
    const forced = await post(`/events/${old.event}/replay`, { force: true })
    expect(forced.status).toBe(202)
    await expect.poll(() => versionsSent('llama')).toEqual(['v1', 'v2', 'v1'])
  })

  it('cancels what waits, and says why it cannot cancel the rest', async () => {
    scene.github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'dispatch' })
    const { delivery } = await send(version(1, 'yolo'))
    const attempts = async () =>
      ((await scene.receiver.api(`/api/v1/deliveries/${delivery}`)).body['attempts'] as unknown[]).length
    await expect.poll(attempts).toBe(1)
    expect((await post(`/deliveries/${delivery}/cancel`)).body).toMatchObject({ status: 'canceled' })
    expect((await post(`/deliveries/${delivery}/cancel`)).body).toMatchObject({ code: 'delivery_ended' })
    expect((await post('/deliveries/dlv_none/cancel')).status).toBe(404)
  })
})
