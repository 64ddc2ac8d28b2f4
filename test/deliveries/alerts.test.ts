import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { startHouse, type House, type HouseOptions } from '../regressions/receiver.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

async function open(options: HouseOptions): Promise<House> {
  const house = await startHouse(options)
  onTestFinished(() => house.close())
  return house
}

/** A clock that can be moved. */
function movable() {
  const clock = { ahead: 0, wall: () => Date.now() + clock.ahead, steady: () => Date.now() + clock.ahead }
  return clock
}

const ownTypes = async (house: House) =>
  ((await house.api('/api/v1/events?source=model-dispatch')).body['items'] as { type: string }[]).map(
    ({ type }) => type,
  )
const refuse = (house: House) => sendWandb(house.url, aliasBody(), { secret: 'wrong' })
const unstored = ({ log }: House) => log.filter(({ message }) => message === 'an alert could not be stored')

describe('An alert that could not be stored', () => {
  it('is raised again by what comes next, not after 15 minutes', async () => {
    const clock = movable()
    let away = true
    const around = (store: Store): Store => ({
      ...store,
      accept(args) {
        if (!away) return store.accept(args)
        clock.ahead += 5_000
        return Promise.reject(new StoreUnavailable('no space left', 'make room'))
      },
    })
    const house = await open({ clock, around })
    for (let n = 0; n < 5; n++) await refuse(house)
    await expect.poll(() => unstored(house)).toHaveLength(1)
    away = false
    clock.ahead += 5_000
    await refuse(house)
    await expect.poll(() => ownTypes(house)).toEqual(['source.rejecting'])
  })

  it('is not tried, and logged, for every request of strangers while the store is away', async () => {
    const clock = movable()
    const around = (store: Store): Store => ({
      ...store,
      accept() {
        clock.ahead += 5_000
        return Promise.reject(new StoreUnavailable('no space left', 'make room'))
      },
    })
    const stopped = { wall: clock.wall, steady: () => clock.ahead }
    const house = await open({ clock: stopped, around })
    for (let n = 0; n < 5; n++) await refuse(house)
    await expect.poll(() => unstored(house)).toHaveLength(1)
    for (let n = 0; n < 20; n++) await refuse(house)
    clock.ahead += 5_000
    await refuse(house)
    await expect.poll(() => unstored(house)).toHaveLength(2)
  })
})

describe('more waiting deliveries than limits.backlog', () => {
  it('turn away webhooks, but no alert: that is when people must hear of it', async () => {
    const house = await open({
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
limits: { backlog: 1 }
automations:
  - name: deploy
    sources: [wandb]
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: tell
    sources: [model-dispatch]
    events: [source.rejecting]
    destinations: [{ type: repository_dispatch, repository: acme/operations, event_type: trouble }]
`,
    })
    house.github.failAlways({
      kind: 'custom',
      status: 429,
      headers: { 'retry-after': '600' },
      body: '{"message":"later"}',
    })
    expect((await sendWandb(house.url, aliasBody())).status).toBe(202)
    expect((await sendWandb(house.url, aliasBody({ n: 2 }))).body['error']).toBe('backlog')
    for (let n = 0; n < 5; n++) await refuse(house)
    await expect.poll(() => ownTypes(house)).toContain('source.rejecting')
    expect(unstored(house)).toEqual([])
  })
})

describe('the end of the process', () => {
  it('waits until the event is stored that its last attempt raised, however slow the store is', async () => {
    const around = (store: Store): Store => ({
      ...store,
      async accept(args) {
        if (args.events.some(({ source }) => source === 'model-dispatch'))
          await new Promise((resolve) => setTimeout(resolve, 200))
        return await store.accept(args)
      },
    })
    const house = await open({ around, github: { repositories: ['acme/another'] } })
    house.github.failNext({ kind: 'slow', ms: 500 }, { operation: 'dispatch' })
    await sendWandb(house.url, aliasBody())
    const arrived = () => house.github.requests.some(({ operation }) => operation === 'dispatch')
    await expect.poll(arrived).toBe(true)
    await house.restart()
    expect(await ownTypes(house)).toEqual(['delivery.failed'])
  })
})

describe('The title of an alert', () => {
  it('is made by the rule of every title: one line that shows what it is, cut where a character ends', async () => {
    const house = await open({})
    const message = `a\u202eb\u0007\n c ${'😀'.repeat(60)}`
    house.github.failAlways({ kind: 'custom', status: 422, body: JSON.stringify({ message }) })
    await sendWandb(house.url, aliasBody())
    await expect.poll(() => ownTypes(house)).toEqual(['delivery.failed'])
    const { items } = (await house.api('/api/v1/events?source=model-dispatch')).body
    const [{ event }] = items as [{ event: { title: string } }]
    expect(event.title).toContain(': a b c 😀😀')
    expect(event.title).toMatch(/😀…$/u)
    expect(event.title.length).toBeLessThanOrEqual(120)
  })
})
