import { afterEach, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { startScene, type Scene, type SceneOptions } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

let scene: Scene
afterEach(() => scene.close())
const start = async (options?: SceneOptions) => (scene = await startScene(options))
const send = (n: number) =>
  sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: `model-${n}` }))

describe('SIGTERM', () => {
  it('turns /readyz 503 at once while ingest goes on for DRAIN_SECONDS, then ends with exit code 0', async () => {
    const { receiver, github } = await start({ env: { DRAIN_SECONDS: '2' } })
    const began = Date.now()
    receiver.signal('SIGTERM')
    await receiver.waitFor(async () => (await request(`${receiver.url}/readyz`)).status === 503, 1_000)
    expect((await request(`${receiver.url}/readyz`)).body).toEqual({
      status: 'not ready',
      reason: 'shutting down',
    })
    expect((await request(`${receiver.url}/healthz`)).status).toBe(200)
    expect((await send(1)).status).toBe(202)
    expect(await receiver.exited).toEqual({ code: 0, signal: null })
    expect(Date.now() - began).toBeGreaterThanOrEqual(2_000)
    expect(github.dispatches).toHaveLength(1)
    await expect(send(2)).rejects.toThrow(/ECONNREFUSED/)
  })

  it('lets an attempt under way finish and keeps its result: nothing is dispatched twice', async () => {
    const { receiver, github } = await start()
    github.failNext({ kind: 'slow', ms: 1_500 }, { operation: 'dispatch' })
    const { body } = await send(1)
    const arrived = () => github.requests.some(({ operation }) => operation === 'dispatch')
    await receiver.waitFor(arrived)
    expect(await receiver.stop()).toEqual({ code: 0, signal: null })
    expect(github.dispatches).toHaveLength(1)
    await receiver.start()
    const { body: delivery } = await receiver.api(
      `/api/v1/deliveries/${String((body['deliveries'] as string[])[0])}`,
    )
    expect(delivery).toMatchObject({ status: 'succeeded', attempts: [{ status: 204 }] })
    expect(github.dispatches).toHaveLength(1)
  })

  it('loses no event that was answered 202 in the middle of a burst, and takes no other', async () => {
    const { receiver } = await start()
    const burst = Promise.allSettled(Array.from({ length: 40 }, (_, n) => send(n)))
    await receiver.waitFor(() => receiver.logged('event accepted').length > 0)
    receiver.signal('SIGTERM')
    const answers = (await burst).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(await receiver.exited).toEqual({ code: 0, signal: null })
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
    await receiver.start()
    const stored = (await receiver.api('/api/v1/events?limit=200')).body['items'] as { id: string }[]
    const ids = (list: unknown[]) => list.map(String).sort()
    expect(ids(stored.map(({ id }) => id))).toEqual(ids(answers.map(({ body }) => body['event_id'])))
  })

  it('leaves what waits for the next start', async () => {
    const { receiver, github } = await start()
    github.failNext({ kind: 'slow', ms: 500 }, { operation: 'dispatch' })
    for (let n = 0; n < 5; n++) expect((await send(n)).status).toBe(202)
    await receiver.stop()
    expect(github.dispatches.length).toBeLessThan(5)
    await receiver.start()
    await expect.poll(() => github.dispatches.length, { timeout: 5_000 }).toBe(5)
    const ids = github.dispatches.map(
      ({ client_payload }) => (client_payload['model_event'] as { id: string }).id,
    )
    expect(new Set(ids).size).toBe(5)
  })

  it('ends the process without waiting when it comes again', async () => {
    const { receiver } = await start({ env: { DRAIN_SECONDS: '60' } })
    receiver.signal('SIGTERM')
    await receiver.waitFor(() => receiver.logged('stopping').length > 0)
    await receiver.waitFor(() => {
      receiver.signal('SIGTERM')
      return !receiver.running
    })
    expect(await receiver.exited).toEqual({ code: 1, signal: null })
  })

  it('counts once when it comes twice at once: npm passes on a Ctrl-C that the receiver has had', async () => {
    const { receiver } = await start()
    receiver.signal('SIGINT')
    receiver.signal('SIGTERM')
    expect(await receiver.exited).toEqual({ code: 0, signal: null })
  })

  it('ends npm and the receiver in good order when it is sent to `npm start`', async () => {
    const { receiver } = await start({ command: ['npm', 'start'] })
    expect((await send(1)).status).toBe(202)
    // It ends when nothing holds its output any more: a receiver that npm left behind would.
    expect(await receiver.stop()).toEqual({ code: 0, signal: null })
    expect(receiver.logged('stopped')).toHaveLength(1)
  })
})

describe('SIGHUP', () => {
  it('changes nothing: it would end the process without a word', async () => {
    const { receiver } = await start()
    receiver.signal('SIGHUP')
    await receiver.waitFor(() => receiver.log.some(({ message }) => message.startsWith('SIGHUP')))
    expect((await send(1)).status).toBe(202)
    expect(await receiver.stop()).toEqual({ code: 0, signal: null })
  })
})
