import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { canHave, mountAbortableDisk, mountSmallDisk, type SmallDisk } from './small-disk.ts'

let count = 0
const send = ({ receiver }: Scene) =>
  sendWandb(receiver.url, aliasBody({ artifact_collection_name: `model-${++count}`, pad: 'x'.repeat(2_000) }))
const storedIds = async ({ receiver }: Scene) =>
  ((await receiver.api('/api/v1/events?limit=200')).body['items'] as { id: string }[]).map(({ id }) => id)

function expectUnavailable(answer: Answer) {
  expect(answer.status).toBe(503)
  expect(answer.headers['retry-after']).toBe('30')
  expect(answer.body).toEqual({
    status: 'unavailable',
    error: 'store',
    message: 'It may not have been stored. Send it again later.',
  })
}

const full = canHave(() => mountSmallDisk(4))
describe.runIf(mustRun(full, 'the test of a full disk', 'this user may not mount file systems'))(
  'a full disk under DATA_DIR',
  () => {
    let scene: Scene
    let small: SmallDisk | null
    beforeAll(async () => {
      small = mountSmallDisk(4)
      scene = await startScene({ data_dir: `${small?.path ?? ''}/data` })
    })
    afterAll(async () => {
      await scene.close()
      small?.remove()
    })

    it('is 503 with Retry-After after 5 s and nothing stored; once there is space, ingest goes on by itself', async () => {
      expect((await send(scene)).status).toBe(202)
      await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(1)
      const before = await storedIds(scene)
      small?.fill()
      const began = Date.now()
      const answers = await Promise.all([send(scene), send(scene), send(scene)])
      const took = Date.now() - began
      answers.forEach(expectUnavailable)
      expect(took).toBeGreaterThan(4_000)
      expect(took).toBeLessThan(15_000)
      expect(await storedIds(scene)).toEqual(before)
      const turned_away = () => scene.receiver.logged('event turned away: 503')
      await expect.poll(turned_away).toHaveLength(3)
      expect(turned_away()[0]?.['fix']).toMatch(/space/)
      small?.free()
      const after = await send(scene)
      expect(after.status).toBe(202)
      expect(await storedIds(scene)).toEqual([after.body['event_id'], ...before])
      await expect.poll(() => scene.github.dispatches.length, { timeout: 10_000 }).toBe(2)
    })

    it('holds a request while it lasts less: 202 when the space is back, and it is dispatched', async () => {
      small?.fill()
      const waiting = send(scene)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      small?.free()
      const { status, body } = await waiting
      expect(status).toBe(202)
      expect(await storedIds(scene)).toContain(body['event_id'])
      await expect.poll(() => scene.github.dispatches.length, { timeout: 10_000 }).toBe(3)
      await scene.receiver.waitUntilReady()
    })
  },
)

const prlimit = spawnSync('prlimit', ['--version']).status === 0
describe.runIf(mustRun(prlimit, 'the test of a store that cannot grow', 'prlimit is not installed'))(
  'a store whose files may not grow (as under a quota)',
  () => {
    let scene: Scene
    beforeAll(async () => {
      scene = await startScene()
    })
    afterAll(() => scene.close())
    const limit = (bytes: string) =>
      void execFileSync('prlimit', [`--pid=${scene.receiver.pid}`, `--fsize=${bytes}:`])

    it('holds requests until it can be written again, then takes them all', async () => {
      expect((await send(scene)).status).toBe(202)
      limit('0')
      const waiting = [send(scene), send(scene)]
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(await storedIds(scene)).toHaveLength(1)
      limit('unlimited')
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202])
      await expect.poll(() => scene.github.dispatches.length, { timeout: 10_000 }).toBe(3)
    })
  },
)

const readOnly = canHave(mountAbortableDisk)
describe.runIf(
  mustRun(readOnly, 'the test of a volume that turns read-only', 'this user may not mount file systems'),
)('a volume that turns read-only under the receiver', () => {
  let scene: Scene
  let abortable: ReturnType<typeof mountAbortableDisk>
  beforeAll(async () => {
    abortable = mountAbortableDisk()
    scene = await startScene({ data_dir: `${abortable?.path ?? ''}/data` })
  })
  afterAll(async () => {
    await scene.close()
    abortable?.remove()
  })

  it('is 503 with Retry-After and nothing stored; what is there can still be read', async () => {
    const first = await send(scene)
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(1)
    abortable?.abort()
    expectUnavailable(await send(scene))
    expect(await storedIds(scene)).toEqual([first.body['event_id']])
    expect((await scene.receiver.api('/healthz')).status).toBe(200)
    expect(scene.github.dispatches).toHaveLength(1)
  })
})

describe('more waiting deliveries than limits.backlog', () => {
  let scene: Scene
  afterEach(() => scene.close())

  it('is 503 with Retry-After at once and nothing stored; once they are delivered, ingest goes on', async () => {
    scene = await startScene({
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
limits: { backlog: 3 }
automations:
  - name: deploy
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`,
    })
    scene.github.failAlways({ kind: 'slow', ms: 2_500 })
    for (let n = 0; n < 3; n++) expect((await send(scene)).status).toBe(202)
    const began = Date.now()
    const refused = await send(scene)
    expect(Date.now() - began).toBeLessThan(4_000)
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('30')
    expect(refused.body).toEqual({
      status: 'unavailable',
      error: 'backlog',
      message: 'Nothing was stored. Send it again later.',
    })
    expect(await storedIds(scene)).toHaveLength(3)
    expect((await scene.receiver.api('/readyz')).status).toBe(200)
    scene.github.failAlways(null)
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(3)
    await scene.receiver.waitFor(async () => (await send(scene)).status === 202, 3_000)
  })
})
