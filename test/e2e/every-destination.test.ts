import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EveryDestination, killDuringDeliveries, KINDS } from '../faults/every-destination.ts'

const SOON = { timeout: 30_000 }

const among = (possible: readonly string[][]) => (seen: string[]) =>
  possible.some((each) => each.join() === seen.join())

describe('every kind of destination, through the whole receiver', () => {
  let world: EveryDestination
  beforeAll(async () => {
    world = await EveryDestination.start({ order: 'strict', supersede: 'waiting' }, 1_500)
  })
  afterAll(() => world.close())

  it.each(KINDS)('%s gets what an automation says, and its newest where older ones wait', async (kind) => {
    if (world.promised.size === 0) for (const n of [1, 2, 3]) await world.send(n)
    const done = ['succeeded', 'superseded', 'succeeded']
    // Both kinds of dispatch share the lane of one GitHub identity: the first of one waits behind the other's.
    const waited = ['superseded', 'superseded', 'succeeded']
    const possible = kind === 'repository_dispatch' || kind === 'workflow_dispatch' ? [done, waited] : [done]
    await expect.poll(() => world.statuses(kind), SOON).toSatisfy(among(possible))
    const [first] = await world.statuses(kind)
    expect(world.arrived(kind)).toEqual(first === 'succeeded' ? [1, 3] : [3])
  })
})

it('kill -9 during deliveries to every kind of destination loses none, and keeps their order', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const { says, problems } = await killDuringDeliveries({ kills: 3, events: 2, seed, settle_ms: 40_000 })
  expect(problems, `${says}, seed ${seed}`).toEqual([])
}, 120_000)
