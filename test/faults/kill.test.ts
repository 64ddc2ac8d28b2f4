import { afterEach, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const EVENTS = 300
const AT_ONCE = 16

let scene: Scene
afterEach(() => scene.close())

/** Sends events until all are answered or the receiver is gone; gives the ids of those that got a 202. */
async function load(onAnswer: (answered: number) => void): Promise<string[]> {
  const acknowledged: string[] = []
  let next = 0
  const sender = async () => {
    while (next < EVENTS) {
      const n = next++
      const body = aliasBody({
        artifact_collection_name: `model-${n % 50}`,
        artifact_version_index: String(n),
      })
      try {
        const answer = await sendWandb(scene.receiver.url, body)
        if (answer.status === 202) acknowledged.push(String(answer.body['event_id']))
        onAnswer(acknowledged.length)
      } catch {
        return
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  return acknowledged
}

interface Arrived {
  event: string
  delivery: string
}
function arrived(): Arrived[] {
  return scene.github.dispatches.map(({ client_payload }) => {
    const { id, delivery_id } = client_payload['model_event'] as { id: string; delivery_id: string }
    return { event: id, delivery: delivery_id }
  })
}

describe('kill -9 in the middle of a load', () => {
  it.each([30, 200])(
    'after %i answers loses nothing: every event that got a 202 is dispatched after the restart',
    async (after) => {
      scene = await startScene()
      const { receiver, github } = scene
      let killed: Promise<void> | undefined
      const acknowledged = await load((answered) => {
        if (answered >= after) killed ??= receiver.kill9()
      })
      await killed
      expect(acknowledged.length).toBeGreaterThanOrEqual(after)
      expect(acknowledged.length).toBeLessThan(EVENTS)
      const before = github.dispatches.length
      await receiver.start()
      const missing = () => {
        const events = new Set(arrived().map(({ event }) => event))
        return acknowledged.filter((id) => !events.has(id)).length
      }
      await expect.poll(missing, { timeout: 15_000 }).toBe(0)
      const unfinished = async () => {
        const { body } = await receiver.api('/api/v1/deliveries?status=pending&limit=1')
        return (body['items'] as unknown[]).length
      }
      await expect.poll(unfinished, { timeout: 5_000 }).toBe(0)
      expect(github.dispatches.length).toBeGreaterThan(before)

      // At most once too often: what was under way when the process died, and a lane has one request under way.
      const deliveries = arrived().map(({ delivery }) => delivery)
      expect(deliveries.length - new Set(deliveries).size).toBeLessThanOrEqual(1)
      // Beyond what was acknowledged: events whose 202 was on its way when the process died.
      const extra = new Set(arrived().map(({ event }) => event)).size - acknowledged.length
      expect(extra).toBeLessThanOrEqual(AT_ONCE)
    },
  )

  it('keeps the order of each model: no version is dispatched after a newer one of the same alias', async () => {
    scene = await startScene()
    let killed: Promise<void> | undefined
    const acknowledged = await load((answered) => {
      if (answered >= 100) killed ??= scene.receiver.kill9()
    })
    await killed
    await scene.receiver.start()
    await expect
      .poll(() => new Set(arrived().map(({ event }) => event)).size, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(acknowledged.length)
    const accepted = (await scene.receiver.api('/api/v1/events?limit=200')).body['items'] as { id: string }[]
    const place = new Map(accepted.reverse().map(({ id }, n) => [id, n]))
    const newest = new Map<string, number>()
    for (const { client_payload } of scene.github.dispatches) {
      const { id, model } = client_payload['model_event'] as { id: string; model: { name: string } }
      const at = place.get(id) ?? -1
      expect(at).toBeGreaterThanOrEqual(newest.get(model.name) ?? -1)
      newest.set(model.name, at)
    }
  })
})
