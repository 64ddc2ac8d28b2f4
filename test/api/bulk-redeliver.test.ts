import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

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
  - name: stage
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: staging }
    destinations: [{ type: repository_dispatch, repository: acme/staging }]
  - name: aimless
    events: [LINK_ARTIFACT]
    destinations: [{ type: repository_dispatch, repository: 'acme/\${event.metadata.repo}' }]
`

/** The scene of this file has three dead letters of `deploy` and, between them, two of `stage`; oldest first. */
const ALIASES = ['production', 'staging', 'production', 'staging', 'production']

let scene: Scene
const ids: string[] = []
beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
  scene.github.failAlways({ kind: 'answer', name: 'not-found' })
  for (const [n, alias] of ALIASES.entries()) {
    const body = aliasBody({ artifact_collection_name: `model-${n}`, alias })
    ids.push(...((await sendWandb(scene.receiver.url, body)).body['deliveries'] as string[]))
  }
})
beforeEach(async () => {
  await expect.poll(async () => (await all()).map(({ status }) => status)).toEqual(ids.map(() => 'failed'))
  tried = (await all()).map(({ attempts }) => attempts.length)
})
afterAll(() => scene.close())

/** How often each was tried before the test, in the order of `ids`. */
let tried: number[] = []

interface Tried {
  status: string
  attempts: unknown[]
}
const all = async () =>
  await Promise.all(
    ids.map(async (id) => (await scene.receiver.api(`/api/v1/deliveries/${id}`)).body as unknown as Tried),
  )

const redeliver = async (query = '', body?: unknown) =>
  await scene.receiver.api(`/api/v1/deliveries/redeliver${query === '' ? '?' : `${query}&`}all=true`, {
    method: 'POST',
    body,
  })

/** The places of those that are tried again after the call; each is tried once more and fails again. */
async function triedAgain(expected: readonly number[]) {
  const want = tried.map((n, place) => (expected.includes(place) ? n + 1 : n))
  await expect.poll(async () => (await all()).map(({ attempts }) => attempts.length)).toEqual(want)
  expect(await all()).toMatchObject(ids.map(() => ({ status: 'failed' })))
}

describe('POST /api/v1/deliveries/redeliver', () => {
  it('puts back all that failed where nothing else is asked for', async () => {
    const { status, body } = await redeliver()
    expect(status).toBe(202)
    expect(body).toEqual({ redelivered: 5, stale: 0, no_target: 0, next_cursor: null })
    await triedAgain([0, 1, 2, 3, 4])
  })

  it('puts back as many as its limit says, the oldest first, and its cursor goes on behind them', async () => {
    const first = await redeliver('?limit=1')
    expect(first.body).toMatchObject({ redelivered: 1, next_cursor: expect.any(String) as string })
    const second = await redeliver(`?limit=2&cursor=${String(first.body['next_cursor'])}`)
    expect(second.body).toMatchObject({ redelivered: 2 })
    await triedAgain([0, 1, 2])
    const rest = await redeliver('', { limit: 200, cursor: second.body['next_cursor'] })
    expect(rest.body).toEqual({ redelivered: 2, stale: 0, no_target: 0, next_cursor: null })
    await triedAgain([0, 1, 2, 3, 4])
  })

  it.each([
    ['?automation=stage', undefined],
    ['', { automation: 'stage', status: 'failed' }],
    ['?status=failed', { destination: 'acme/staging' }],
  ])('takes the filters from the query and the body alike: %s %j', async (query, body) => {
    expect((await redeliver(query, body)).body).toMatchObject({ redelivered: 2 })
    await triedAgain([1, 3])
  })

  it.each([
    ['?limit=abc', undefined, /^limit must be a whole number from 1 to 200/],
    ['?limit=0', undefined, /^limit/],
    ['?limit=1e1', undefined, /^limit/],
    ['', { limit: 1.5 }, /^limit/],
    ['', { limit: true }, /^limit/],
    ['?cursor=zzz', undefined, /^cursor must be the next_cursor of an earlier bulk redelivery/],
    ['?cursor=1', undefined, /lists go the other way round/],
    ['?automaton=nobody', undefined, /no parameter "automaton".*automation, destination/],
    ['', { automaton: 'nobody' }, /no parameter "automaton".*automation, destination/],
    ['', JSON.parse('{"__proto__":{"force":true}}'), /no parameter "__proto__"/],
    ['?automation=stage', { automation: 'stage' }, /^automation is in the query and in the body/],
    ['?status=failed&status=expired', undefined, /^status may be given once/],
    ['', { status: ['failed', 'expired'] }, /^status may be given once/],
    ['', { automation: null }, /^automation must be text/],
    ['', { automation: 'a\0b' }, /^automation holds U\+0000/],
    ['', { automation: '\ud800' }, /^automation holds .*half a character/],
    ['?status=succeeded', undefined, /^status must be one of failed, expired/],
    ['?force=yes', undefined, /^force must be true or false/],
    ['', [{ force: true }], /^The body must be one JSON object/],
  ])('puts back nothing when it is asked for what it does not know: %s %j', async (query, body, detail) => {
    const answer = await redeliver(query, body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({
      code: 'bad_query',
      detail: expect.stringMatching(detail) as string,
    })
    await triedAgain([])
  })

  it('has a cursor of its own, which lists refuse', async () => {
    const { body } = await redeliver('?limit=1')
    const list = await scene.receiver.api(`/api/v1/deliveries?cursor=${String(body['next_cursor'])}`)
    expect(list.status).toBe(400)
    await triedAgain([0])
  })
  it('counts those without a target, and names the list of them and the way out', async () => {
    const made: string[] = []
    for (const model of ['aimless-1', 'aimless-2']) {
      const body = aliasBody({ event_type: 'LINK_ARTIFACT', artifact_collection_name: model })
      made.push(...((await sendWandb(scene.receiver.url, body)).body['deliveries'] as string[]))
    }
    const { status, body } = await redeliver('?automation=aimless')
    expect(status).toBe(202)
    expect(body).toEqual({
      redelivered: 0,
      stale: 0,
      no_target: 2,
      next_cursor: null,
      message: expect.stringMatching(/^2 had no valid target.*replay their events/) as string,
    })
    const [path = ''] = /\/api\S+/.exec(String(body['message'])) ?? []
    const { items } = (await scene.receiver.api(path)).body as { items: { id: string }[] }
    expect(items.map(({ id }) => id)).toEqual(made.reverse())
  })
})
