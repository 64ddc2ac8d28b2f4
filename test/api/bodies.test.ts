import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

let scene: Scene
/** A stale dead letter and its event: a newer version has been delivered since. */
let delivery: string
let event: string
beforeAll(async () => {
  scene = await startScene()
  scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
  const older = await sendWandb(scene.receiver.url, aliasBody({ artifact_version_index: '3' }))
  event = String(older.body['event_id'])
  delivery = (older.body['deliveries'] as [string])[0]
  await ends(delivery, 'failed')
  const newer = await sendWandb(scene.receiver.url, aliasBody({ artifact_version_index: '4' }))
  await ends((newer.body['deliveries'] as [string])[0], 'succeeded')
})
afterAll(() => scene.close())

const ends = (id: string, status: string) =>
  scene.receiver.waitFor(
    async () => (await scene.receiver.api(`/api/v1/deliveries/${id}`)).body['status'] === status,
  )

/** Sends a body as it is, with this type or none. */
const post = (path: string, body: string, type?: string) =>
  request(`${scene.receiver.url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    body,
  })

const FORM = 'application/x-www-form-urlencoded'

describe('the body of a POST', () => {
  const paths = () => [
    `/deliveries/${delivery}/redeliver`,
    `/deliveries/${delivery}/cancel`,
    '/deliveries/redeliver',
    `/events/${event}/replay`,
  ]

  it('is refused when it is sent as a form, as curl -d does, with the header that is missing', async () => {
    for (const path of paths()) {
      for (const type of [FORM, 'text/plain', undefined]) {
        const answer = await post(path, '{"force": true}', type)
        expect(answer.status, path).toBe(415)
        expect(answer.body).toMatchObject({
          code: 'unsupported_media_type',
          detail: expect.stringMatching(/Content-Type: application\/json/) as string,
        })
      }
    }
  })

  it('may be empty, whatever it says that it is', async () => {
    for (const type of [FORM, 'application/json', undefined])
      expect((await post('/deliveries/dlv_none/redeliver', '', type)).status).toBe(404)
  })

  it.each([
    ['{"force": "yes"}', /^force must be true or false/],
    ['{"force": 1}', /^force must be true or false/],
    ['{"forse": true}', /no parameter "forse".*force/],
    ['[{"force": true}]', /one JSON object/],
  ])('is refused when it does not say what it means: %s', async (body, detail) => {
    for (const path of [`/deliveries/${delivery}/redeliver`, `/events/${event}/replay`]) {
      const answer = await post(path, body, 'application/json')
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({
        code: 'bad_query',
        detail: expect.stringMatching(detail) as string,
      })
    }
  })

  it('has nothing to say in a cancellation', async () => {
    const { status, body } = await post(
      `/deliveries/${delivery}/cancel`,
      '{"force": true}',
      'application/json',
    )
    expect(status).toBe(400)
    expect(body['detail']).toBe('There is no parameter "force". This call takes none.')
  })

  it.each([
    ['not UTF-8', 'application/json; charset=latin1', '{"force": true}', 415, /UTF-8/],
    ['over 1 MiB', 'application/json', 'x'.repeat(2 ** 20 + 1), 413, /1 MiB/],
    ['no object', 'application/json', '"x"', 400, /send a JSON object/],
  ])('is refused with what to do about it: %s', async (_, type, body, status, detail) => {
    const answer = await post(`/deliveries/${delivery}/redeliver`, body, type)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({
      code: 'bad_request',
      detail: expect.stringMatching(detail) as string,
    })
  })
})

describe('a body that nests deep', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const explain = (depth: number) =>
    post('/explain', `{"source": "wandb", "body": {"a": ${nested(depth)}}}`, 'application/json')

  it('is refused, and no failure of the receiver', async () => {
    for (const depth of [100, 5_000, 400_000]) {
      const answer = await explain(depth)
      expect([answer.status, answer.body['code']]).toEqual([400, 'bad_request'])
      expect(answer.body['detail']).toMatch(/nests deeper than 80 levels/)
    }
    expect(scene.receiver.logged('request failed')).toEqual([])
  })

  it('is taken as deep as a webhook may be', async () => {
    expect((await explain(63)).status).toBe(200)
    expect((await explain(64)).body).toMatchObject({ status: 422, code: 'not_an_event' })
  })
})

describe('force', () => {
  it('is named in the refusal of what is stale, with both places where it may stand', async () => {
    for (const path of [`/deliveries/${delivery}/redeliver`, `/events/${event}/replay`]) {
      const { status, body } = await post(path, '')
      expect(status).toBe(409)
      expect(body['detail']).toMatch(/\?force=true.*\{"force": true\}.*Content-Type: application\/json/)
      expect((await post(`${path}?force=false`, '')).status).toBe(409)
    }
  })

  it('may stand in the query of each call that knows it', async () => {
    expect((await post(`/events/${event}/replay?force=true`, '')).status).toBe(202)
    expect((await post(`/deliveries/${delivery}/redeliver?force=true`, '')).status).toBe(202)
    const both = await post(
      '/deliveries/redeliver?all=true&force=true',
      '{"force": true}',
      'application/json',
    )
    expect(both.body['detail']).toBe('force is in the query and in the body: give it once.')
    expect((await post('/deliveries/redeliver?all=true&force=true', '')).status).toBe(202)
  })
})
