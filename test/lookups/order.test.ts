import { expect, it, onTestFinished } from 'vitest'
import { SOON, startHouse } from '../regressions/receiver.ts'
import { startWandb } from '../standins/wandb.ts'
import { sendWandb } from '../support/send.ts'
import {
  badRegistryConfig,
  bodyOf,
  byModel,
  fillRegistry,
  lookedUp,
  misbehave,
  type Arrived,
} from './bad-registry.ts'
import { movable, OPEN } from './scene.ts'

const LOAD = { events: 240, models: 40 }

/** A receiver whose registry is a bad W&B. */
async function open() {
  const wandb = await startWandb()
  fillRegistry(wandb, LOAD)
  misbehave(wandb)
  const clock = movable()
  const house = await startHouse({ config: badRegistryConfig(wandb.url), clock, env: OPEN })
  onTestFinished(async () => {
    await house.close()
    await wandb.close()
  })
  const arrived = () =>
    house.github.dispatches.map(({ client_payload }) => client_payload['model_event'] as Arrived)
  const waiting = async () => (await house.store.listEvents({ status: 'enriching', limit: 1 })).items.length
  return { house, clock, arrived, waiting }
}

it(
  'Look-ups in a registry that hangs, fails and lies keep the order per model, lose no event and believe no lie',
  { timeout: 120_000 },
  async () => {
    const { house, clock, arrived, waiting } = await open()
    const models = Array.from({ length: LOAD.models }, (_, model) => model)
    // The events of one model are sent one after the other: the order is promised where a 202 came before.
    const sendModel = async (model: number) => {
      for (let n = model; n < LOAD.events; n += LOAD.models)
        expect((await sendWandb(house.url, bodyOf(n, LOAD))).status).toBe(202)
    }
    await Promise.all(models.map(sendModel))
    await expect.poll(() => lookedUp(arrived()), SOON).toBeGreaterThan(LOAD.models)
    // A question without an answer by now is given up.
    clock.ahead += 60_000
    await expect.poll(waiting, { timeout: 90_000 }).toBe(0)
    const numbers = () => new Set(arrived().map(({ extra }) => extra.n)).size
    // An attempt under way when the clock is moved may be made again.
    await expect.poll(numbers, { timeout: 90_000 }).toBe(LOAD.events)
    for (const order of byModel(arrived()).values()) expect(order).toEqual(order.toSorted((a, b) => a - b))
    const { items } = await house.store.listEvents({ limit: 1, status: 'unmatched' })
    expect(items).toEqual([])
  },
)
