import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

interface DeliveryShape {
  id: string
  event_id: string
  automation: string
  status: string
  destination: { type: string; target: string }
  attempts: { class: string; status: number }[]
}

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: mirror
    events: [LINK_ARTIFACT]
    destinations: [{ type: repository_dispatch, repository: acme/mirror }]
`

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
})
afterAll(() => scene.close())

let count = 0
/** Sends an event about a model; gives its delivery's id once the delivery has the status. */
async function deliver(model: string, status: string, parts: Record<string, unknown> = {}): Promise<string> {
  const body = aliasBody({ artifact_collection_name: model, count: ++count, ...parts })
  const answer = await sendWandb(scene.receiver.url, body)
  const [id] = answer.body['deliveries'] as [string]
  await expect.poll(async () => (await one(id)).status, { timeout: 5_000 }).toBe(status)
  return id
}
const one = async (id: string) =>
  (await scene.receiver.api(`/api/v1/deliveries/${id}`)).body as unknown as DeliveryShape
const list = async (query: string) =>
  (await scene.receiver.api(`/api/v1/deliveries${query}`)).body as unknown as {
    items: DeliveryShape[]
    next_cursor: string | null
  }
const redeliver = (id: string, body?: unknown) =>
  scene.receiver.api(`/api/v1/deliveries/${id}/redeliver`, { method: 'POST', body })
const failNext = () =>
  scene.github.failNext({ kind: 'answer', name: 'missing-permission-token' }, { operation: 'dispatch' })

describe('GET /api/v1/deliveries/{id}', () => {
  it('has where it goes, every attempt with request and response, and no error once it succeeded', async () => {
    const id = await deliver('shown', 'succeeded')
    expect(await one(id)).toMatchObject({
      id,
      event_id: expect.stringMatching(/^evt_/) as string,
      automation: 'deploy',
      destination: { type: 'repository_dispatch', target: 'acme/serving' },
      status: 'succeeded',
      created_at: expect.stringMatching(/Z$/) as string,
      next_attempt_at: null,
      error: null,
      runs: [],
      attempts: [
        {
          at: expect.stringMatching(/Z$/) as string,
          duration_ms: expect.any(Number) as number,
          status: 204,
          class: 'success',
          error: null,
          request: { method: 'POST', url: `${scene.github.url}/repos/acme/serving/dispatches` },
        },
      ],
    })
  })

  it('is 404 for one that does not exist', async () => {
    const { status, body } = await scene.receiver.api('/api/v1/deliveries/dlv_none')
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: 'delivery_not_found' })
  })
})

describe('GET /api/v1/deliveries', () => {
  it('lists deliveries, newest first, by status, automation, destination and event', async () => {
    const good = await deliver('listed', 'succeeded')
    failNext()
    const bad = await deliver('listed-2', 'failed', { event_type: 'LINK_ARTIFACT', alias: '' })
    const ids = async (query: string) => (await list(query)).items.map(({ id }) => id)
    expect((await ids('')).slice(0, 2)).toEqual([bad, good])
    expect(await ids('?status=failed')).toEqual([bad])
    expect(await ids('?automation=mirror')).toEqual([bad])
    expect(await ids('?destination=acme/mirror')).toEqual([bad])
    expect(await ids(`?event=${(await one(good)).event_id}`)).toEqual([good])
    expect(await ids('?status=expired')).toEqual([])
    const { items, next_cursor } = await list('?limit=1')
    expect(items).toHaveLength(1)
    expect((await list(`?limit=1&cursor=${String(next_cursor)}`)).items[0]?.id).toBe(good)
  })

  it('shows when, how and how well each was tried, without request and response', async () => {
    failNext()
    const id = await deliver('tried', 'failed')
    await redeliver(id)
    await expect.poll(async () => (await one(id)).status).toBe('succeeded')
    const { attempts, event_id } = await one(id)
    const listed = attempts.map((attempt) => ({ ...attempt, request: null, response: null }))
    expect(listed).toMatchObject([
      { status: 403, class: 'permanent', error: expect.stringMatching(/HTTP 403/) as string },
      { status: 204, class: 'success', error: null },
    ])
    expect((await list(`?event=${event_id}`)).items[0]?.attempts).toEqual(listed)
    const events = await scene.receiver.api('/api/v1/events?source=wandb&limit=1')
    expect(events.body['items']).toMatchObject([{ id: event_id, deliveries: [{ attempts: listed }] }])
    const event = await scene.receiver.api(`/api/v1/events/${event_id}`)
    expect(event.body['deliveries']).toMatchObject([{ attempts: listed }])
  })

  it('refuses a status that does not exist, with those that do', async () => {
    const { status, body } = await scene.receiver.api('/api/v1/deliveries?status=done')
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'bad_query',
      detail: expect.stringMatching(/pending.*superseded/) as string,
    })
  })
})

describe('POST /api/v1/deliveries/{id}/redeliver', () => {
  it('tries a dead letter again under the same delivery id', async () => {
    failNext()
    const id = await deliver('again', 'failed')
    const { status, body } = await redeliver(id)
    expect(status).toBe(202)
    expect(body).toEqual({ status: 'pending', id })
    await expect.poll(async () => (await one(id)).status, { timeout: 5_000 }).toBe('succeeded')
    expect((await one(id)).attempts.map(({ class: kind }) => kind)).toEqual(['permanent', 'success'])
    expect(scene.github.dispatches.at(-1)?.client_payload['model_event']).toMatchObject({ delivery_id: id })
  })

  it('is 409 for a stale one, which would roll a newer version back, unless it is forced', async () => {
    failNext()
    const older = await deliver('stale', 'failed', { artifact_version_index: '3' })
    await deliver('stale', 'succeeded', { artifact_version_index: '4' })
    const { status, body } = await redeliver(older)
    expect(status).toBe(409)
    expect(body).toMatchObject({
      code: 'delivery_stale',
      detail: expect.stringMatching(/"force": true/) as string,
    })
    expect((await redeliver(older, { force: true })).status).toBe(202)
    await expect.poll(async () => (await one(older)).status, { timeout: 5_000 }).toBe('succeeded')
  })

  it('is 409 for one that waits or is under way already', async () => {
    scene.github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'dispatch' })
    const id = await deliver('unfinished', 'pending')
    await expect.poll(async () => (await one(id)).attempts.length, { timeout: 5_000 }).toBe(1)
    const { status, body } = await redeliver(id)
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'delivery_unfinished' })
  })

  it('is 404 for one that does not exist', async () => {
    const { status, body } = await redeliver('dlv_none')
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: 'delivery_not_found' })
  })
})

describe('next_attempt_at', () => {
  it('says until when a lane rests, also for what has not been tried yet', async () => {
    const resting = await startScene({ config: CONFIG })
    try {
      // It asks for 90 s.
      resting.github.failNext(
        { kind: 'answer', name: 'secondary-limit-retry-after' },
        { operation: 'dispatch' },
      )
      const put = async (model: string) => {
        const body = aliasBody({ artifact_collection_name: model })
        return ((await sendWandb(resting.receiver.url, body)).body['deliveries'] as [string])[0]
      }
      const get = async (id: string) =>
        (await resting.receiver.api(`/api/v1/deliveries/${id}`)).body as unknown as DeliveryShape & {
          next_attempt_at: string
        }
      const turned_away = await put('turned-away')
      await expect.poll(async () => (await get(turned_away)).attempts.length).toBe(1)
      const behind = await put('behind')
      const until = Date.parse((await get(behind)).next_attempt_at)
      expect(until - Date.now()).toBeGreaterThan(60_000)
      expect(Date.parse((await get(turned_away)).next_attempt_at)).toBe(until)
      const { items } = (await resting.receiver.api('/api/v1/deliveries?status=pending')).body
      const shown = { next_attempt_at: new Date(until).toISOString() }
      expect(items).toMatchObject([shown, shown])
      const events = (await resting.receiver.api('/api/v1/events?source=wandb')).body['items']
      expect(events).toMatchObject([{ deliveries: [shown] }, { deliveries: [shown] }])
    } finally {
      await resting.close()
    }
  })
})
