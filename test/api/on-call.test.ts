import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}', '\${env:NEXT_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: [production, staging] }
    supersede: waiting
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`
const NEXT_SECRET = 'the-next-signing-secret-of-wandb'

/** Opens a stream, and gives what has come so far. */
async function listen({ receiver }: Scene, token: string) {
  let text = ''
  let is_over = false
  const headers = { authorization: `Bearer ${token}` }
  const stream = get(`${receiver.url}/api/v1/stream`, { headers, agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => (is_over = true))
  })
  stream.on('error', () => undefined)
  await expect.poll(() => text).toContain(': open')
  return { text: () => text, isOver: () => is_over, close: () => stream.destroy() }
}

describe('the on-call questions', () => {
  let scene: Scene
  const sent: string[] = []
  const send = async (parts: Record<string, unknown>, secret?: string) => {
    const options = secret === undefined ? {} : { secret }
    const { body } = await sendWandb(scene.receiver.url, aliasBody(parts), options)
    sent.push(String(body['event_id']))
    return body
  }
  const api: Scene['receiver']['api'] = (path, options) => scene.receiver.api(`/api/v1${path}`, options)
  const post = (path: string, body?: unknown) => api(path, { method: 'POST', body })

  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { NEXT_SECRET } })
    await send({ event_author: 'ann' })
    await scene.receiver.waitFor(async () => {
      const items = (await api('/deliveries')).body['items'] as { status: string }[]
      return items[0]?.status === 'succeeded'
    })
    scene.github.failAlways({ kind: 'answer', name: 'bad-credentials' })
    await send({ event_author: 'bob', n: 1 }, NEXT_SECRET)
    await scene.receiver.waitFor(async () => {
      const items = (await api('/lanes')).body['items'] as { pause: { reason: string } | null }[]
      return items[0]?.pause?.reason === 'credentials'
    })
    await send({ event_author: 'cleo', n: 2 })
    await sendWandb(scene.receiver.url, aliasBody(), { secret: 'not-the-secret-of-this-source' })
  })
  afterAll(() => scene.close())

  it('GET /subjects/{model} tells who, when, matched why, dispatched when, superseded by what', async () => {
    const { status, body } = await api('/subjects/resnet50?alias=production')
    expect(status).toBe(200)
    const [cleo, bob, ann] = body['items'] as Record<string, unknown>[]
    expect(ann).toMatchObject({
      author: 'ann',
      event_id: sent[0],
      matched: [{ automation: 'deploy', reasons: expect.arrayContaining([expect.any(String)]) as string[] }],
      deliveries: [{ status: 'succeeded', dispatched_at: expect.stringMatching(/^\d{4}-/) as string }],
    })
    expect(bob).toMatchObject({
      author: 'bob',
      deliveries: [{ status: 'superseded', dispatched_at: null, superseded_by: sent[2] }],
    })
    expect(cleo).toMatchObject({
      author: 'cleo',
      deliveries: [
        { status: 'pending', waiting_for: { reason: expect.stringContaining('credentials') as string } },
      ],
    })
    expect((await api('/subjects')).body['items']).toMatchObject([
      { source: 'wandb', model: 'resnet50', alias: 'production', events: 3, last_event: { id: sent[2] } },
    ])
    expect((await api('/subjects/nobody')).body['items']).toEqual([])
  })

  it('GET /sources tells the last event, which secret is in use, and the last refusals with their reason', async () => {
    const { body } = await api('/sources')
    expect(body['items']).toMatchObject([
      {
        name: 'wandb',
        type: 'wandb',
        url: '/webhooks/wandb',
        last_event: { id: sent[2], type: 'ADD_ARTIFACT_ALIAS' },
        secrets: [
          { position: 1, last_event_at: expect.any(String) as string },
          { position: 2, last_event_at: expect.any(String) as string },
        ],
        refusals: [
          { status: 401, reason: expect.stringContaining("fits none of the source's secrets") as string },
        ],
      },
    ])
  })

  it('GET /lanes tells pace, pause and what waits; resuming one tries its next delivery at once', async () => {
    const { body } = await api('/lanes')
    const [lane] = body['items'] as { lane: string }[]
    expect(lane).toMatchObject({
      pace: { concurrency: 1, interval_ms: 0 },
      pause: { reason: 'credentials', until: expect.any(String) as string },
      waiting: 1,
      oldest_at: expect.any(String) as string,
    })
    scene.github.failAlways(null)
    const resumed = await post(`/lanes/${encodeURIComponent(lane?.lane ?? '')}/resume`)
    expect([resumed.status, resumed.body['status']]).toEqual([200, 'resumed'])
    await expect
      .poll(async () => ((await api('/deliveries?limit=1')).body['items'] as { status: string }[])[0]?.status)
      .toBe('succeeded')
    expect((await api('/lanes')).body['items']).toMatchObject([{ pause: null, waiting: 0, oldest_at: null }])
    const unknown = await post('/lanes/nothing/resume')
    expect([unknown.status, unknown.body['code']]).toEqual([404, 'lane_not_found'])
  })

  it('GET /export/… writes a line for each event or delivery that the filters choose', async () => {
    const events = await api('/export/events?alias=production')
    expect(events.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    const lines = events.text.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([...sent].reverse())
    const deliveries = await api('/export/deliveries?status=superseded')
    expect(JSON.parse(deliveries.text)).toMatchObject({ event_id: sent[1], status: 'superseded' })
    expect((await api('/export/events?model=nobody')).text).toBe('')
    expect((await api('/export/events?modle=x')).status).toBe(400)
  })

  it('GET /stream tells of events and deliveries as they change', async () => {
    const stream = await listen(scene, ADMIN_TOKEN)
    const body = await send({ event_author: 'dora', artifact_collection_name: 'streamed' })
    const [id] = body['deliveries'] as string[]
    await expect.poll(() => stream.text()).toContain('"status":"succeeded"')
    const told = [...stream.text().matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, kind, data]) => ({
      kind,
      data: JSON.parse(data ?? '') as Record<string, unknown>,
    }))
    expect(told).toMatchObject([
      { kind: 'event', data: { id: sent.at(-1), source: 'wandb', automations: ['deploy'] } },
      { kind: 'delivery', data: { id, status: 'pending', target: 'acme/serving' } },
      { kind: 'delivery', data: { id, status: 'succeeded' } },
    ])
    stream.close()
  })
})

describe('a stream of a limited token', () => {
  const LIMITED = 'the-token-of-the-vision-team'
  const SHARED = CONFIG.replace(
    /$/,
    `  - name: vision-report
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/reports }]
admin:
  tokens:
    - { name: vision, secret: '\${env:LIMITED}', role: read, automations: ['vision-*'] }
`,
  )
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: SHARED, env: { NEXT_SECRET, LIMITED } })
  })
  afterAll(() => scene.close())

  it('names none of the other automations that want an event', async () => {
    const stream = await listen(scene, LIMITED)
    await sendWandb(scene.receiver.url, aliasBody())
    await expect.poll(() => stream.text()).toContain('"automation":"vision-report","target":"acme/reports"')
    expect(stream.text()).toContain('"automations":["vision-report"]')
    // Deliveries that are still under way would be told in the next test.
    await expect.poll(() => stream.text()).toContain('"status":"succeeded"')
    expect(stream.text()).not.toMatch(/deploy|acme\/serving/)
    stream.close()
  })

  it('ends with its token: one that is taken out of the file hears of nothing more', async () => {
    const [gone, others] = [await listen(scene, LIMITED), await listen(scene, ADMIN_TOKEN)]
    scene.receiver.writeConfig(SHARED.replace(/admin:[^]*$/, ''))
    const headers = { authorization: `Bearer ${LIMITED}` }
    const isRefused = async () =>
      (await request(`${scene.receiver.url}/api/v1/session`, { headers })).status === 401
    await scene.receiver.waitFor(isRefused)
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ n: 2 }))
    const id = String(body['event_id'])
    await expect.poll(() => others.text()).toContain(id)
    await expect.poll(() => gone.isOver()).toBe(true)
    // The delivery of the test before may still have succeeded in its time.
    expect(gone.text()).not.toContain(id)
    expect(others.isOver()).toBe(false)
    others.close()
  })
})

describe('a recovery that cannot surprise', () => {
  let scene: Scene
  const post = (path: string, body: unknown) => scene.receiver.api(`/api/v1${path}`, { method: 'POST', body })
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { NEXT_SECRET } })
  })
  afterAll(() => scene.close())

  it.each(['/deliveries/redeliver', '/events/replay'])('needs since, or all: true: %s', async (path) => {
    const none = await post(path, {})
    expect([none.status, none.body['code']]).toEqual([400, 'bad_query'])
    expect(none.body['detail']).toMatch(/since is missing.*"all": true/)
    const both = await post(path, { since: '2026-01-01', all: true })
    expect(both.body['detail']).toMatch(/contradicts/)
  })

  it('shows in a dry run what would be sent, what is stale, and sends nothing', async () => {
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 1 })
    const first = await sendWandb(scene.receiver.url, aliasBody({ n: 1 }))
    await expect
      .poll(async () => (await scene.receiver.api('/api/v1/deliveries')).body['items'])
      .toMatchObject([{ status: 'failed' }])
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 1 })
    await sendWandb(scene.receiver.url, aliasBody({ n: 1, artifact_collection_name: 'other' }))
    await sendWandb(scene.receiver.url, aliasBody({ n: 2 }))
    const statuses = async () =>
      ((await scene.receiver.api('/api/v1/deliveries')).body['items'] as { status: string }[]).map(
        (one) => one.status,
      )
    await expect.poll(statuses).toEqual(['succeeded', 'failed', 'failed'])
    const before = scene.github.dispatches.length

    const redelivery = await post('/deliveries/redeliver', { all: true, dry_run: true })
    expect(redelivery.status).toBe(200)
    expect(redelivery.body).toMatchObject({
      ...{ dry_run: true, redelivered: 1, stale: 1, no_target: 0, next_cursor: null },
      by_target: [{ target: 'acme/serving', count: 1 }],
      first: [{ automation: 'deploy', target: 'acme/serving' }],
      stale_first: [{ id: (first.body['deliveries'] as string[])[0] }],
    })
    const replay = await post('/events/replay', { all: true, dry_run: true, alias: 'production' })
    expect(replay.status).toBe(200)
    expect(replay.body).toMatchObject({
      ...{ dry_run: true, events: 2, deliveries: 2, stale: 1, unmatched: 0, source_gone: 0 },
      by_target: [{ target: 'acme/serving', count: 2 }],
      stale_first: [{ event_id: first.body['event_id'], automation: 'deploy', target: 'acme/serving' }],
    })
    expect(scene.github.dispatches).toHaveLength(before)
    expect(await statuses()).toEqual(['succeeded', 'failed', 'failed'])

    const future = await post('/events/replay', { since: '2099-01-01' })
    expect(future.body).toMatchObject({ events: 0, deliveries: 0, stale: 0 })
    const done = await post('/deliveries/redeliver', { since: '2020-01-01', model: 'other' })
    expect(done.status).toBe(202)
    expect(done.body).toEqual({ redelivered: 1, stale: 0, no_target: 0, next_cursor: null })
    await expect.poll(statuses).toEqual(['succeeded', 'succeeded', 'failed'])
    const replayed = await post('/events/replay', { all: true, model: 'other' })
    expect(replayed.status).toBe(202)
    expect(replayed.body).toMatchObject({ events: 1, deliveries: 1, stale: 0, next_cursor: null })
    await expect.poll(statuses).toEqual(['succeeded', 'succeeded', 'succeeded', 'failed'])
  })
})
