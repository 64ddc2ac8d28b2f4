import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../receiver/deliveries/engine.ts'
import type { Sender } from '../../receiver/destinations/destination.ts'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { systemClock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { attemptResult } from '../support/attempts.ts'
import { storedDelivery, storedEvent } from '../support/events.ts'

const always = (result: AttemptResult) => ({ send: () => Promise.resolve(result) }) as unknown as Sender

describe('the engine', () => {
  const clock = systemClock(0)
  let folder = ''
  let store: Store
  let engine: Engine | undefined
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'model-dispatch-engine-'))
    store = await openSqliteStore(folder)
    const revision = { id: 'rev_1', automation: 'deploy', spec: jsonText({ destinations: [{}] }) }
    await store.saveRevisions({ revisions: [revision], now: clock.steady() })
  })
  afterEach(async () => {
    await engine?.stop(0)
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('lets one result that can never be written hold up no other delivery', async () => {
    const lane = { lane: 'url:x', policy: { concurrency: 4, interval_ms: 0 } }
    const deliveries = Array.from({ length: 6 }, () => storedDelivery(lane))
    const [poisoned, ...others] = deliveries.map(({ id }) => id)
    await store.accept({
      now: clock.steady(),
      events: deliveries.map((delivery) => storedEvent({ deliveries: [delivery] })),
    })
    const advance: Store['advance'] = async (args) => {
      if (args.finished.some(({ delivery_id }) => delivery_id === poisoned)) throw new Error('bad row')
      return store.advance(args)
    }
    const sender = { send: () => Promise.resolve(attemptResult()) } as unknown as Sender
    engine = createEngine({
      store: { ...store, advance },
      senders: () => new Map([['repository_dispatch', sender]]),
      clock,
      log: createLog('silent'),
    })
    engine.start()
    const statusOf = async (id = '') => (await store.getDelivery({ id }))?.status
    for (const id of others) await expect.poll(() => statusOf(id)).toBe('succeeded')
    expect(await statusOf(poisoned)).toBe('delivering')
  })

  it('looks at a lane at its pace, however much comes into it, and misses nothing of that', async () => {
    let looks = 0
    let sent = 0
    const sender = {
      send: () => {
        sent += 1
        return Promise.resolve(attemptResult())
      },
    } as unknown as Sender
    engine = createEngine({
      store: {
        ...store,
        advance: (args) => {
          looks += 1
          return store.advance(args)
        },
      },
      senders: () => new Map([['repository_dispatch', sender]]),
      clock,
      log: createLog('silent'),
    })
    engine.start()
    const lane = { lane: 'url:x', policy: { concurrency: 1, interval_ms: 400 } }
    const until = performance.now() + 900
    while (performance.now() < until) {
      await store.accept({
        now: clock.steady(),
        events: [storedEvent({ deliveries: [storedDelivery(lane)] })],
      })
      engine.wake([lane.lane])
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // At 0, 400 and 800 ms, each with a look for its result, while a hundred came in.
    expect(sent).toBeGreaterThanOrEqual(2)
    expect(looks).toBeLessThan(20)

    await expect.poll(() => sent, { timeout: 5_000 }).toBeGreaterThanOrEqual(5)
  })

  it('sends what a look brings while it is being stopped, and writes that too', async () => {
    const delivery = storedDelivery({ lane: 'url:x' })
    await store.accept({ now: clock.steady(), events: [storedEvent({ deliveries: [delivery] })] })
    const looks = Promise.withResolvers<undefined>()
    const stopping = Promise.withResolvers<undefined>()
    let held = false
    engine = createEngine({
      store: {
        ...store,
        async advance(args) {
          if (!held) {
            held = true
            looks.resolve(undefined)
            await stopping.promise
          }
          return store.advance(args)
        },
      },
      senders: () => new Map([['repository_dispatch', always(attemptResult())]]),
      clock,
      log: createLog('silent'),
    })
    engine.start()
    await looks.promise
    const stopped = engine.stop(5_000)
    stopping.resolve(undefined)
    await stopped
    expect((await store.getDelivery({ id: delivery.id }))?.status).toBe('succeeded')
  })

  it.each([
    ['is away for a moment', new StoreUnavailable('away', '')],
    ['refuses them together', new Error('bad row')],
  ])('writes the last results of a stop though the store %s', async (_what, trouble) => {
    const deliveries = [storedDelivery({ lane: 'url:x' }), storedDelivery({ lane: 'url:y' })]
    await store.accept({
      now: clock.steady(),
      events: deliveries.map((delivery) => storedEvent({ deliveries: [delivery] })),
    })
    const sent = Promise.withResolvers<undefined>()
    const answer = Promise.withResolvers<undefined>()
    let under_way = 0
    const sender = {
      async send() {
        under_way += 1
        if (under_way === 2) sent.resolve(undefined)
        await answer.promise
        return attemptResult()
      },
    } as unknown as Sender
    let refused = false
    engine = createEngine({
      store: {
        ...store,
        advance(args) {
          if (refused || args.finished.length === 0) return store.advance(args)
          refused = true
          return Promise.reject(trouble)
        },
      },
      senders: () => new Map([['repository_dispatch', sender]]),
      clock,
      log: createLog('silent'),
    })
    engine.start()
    await sent.promise
    const stopped = engine.stop(5_000)
    answer.resolve(undefined)
    await stopped
    for (const { id } of deliveries) expect((await store.getDelivery({ id }))?.status).toBe('succeeded')
  })

  it('goes on when what listens to it fails', async () => {
    const deliveries = [storedDelivery({ lane: 'url:x' }), storedDelivery({ lane: 'url:x' })]
    await store.accept({
      now: clock.steady(),
      events: deliveries.map((delivery) => storedEvent({ deliveries: [delivery] })),
    })
    engine = createEngine({
      store,
      senders: () => new Map([['repository_dispatch', always(attemptResult())]]),
      clock,
      log: createLog('silent'),
      onConsequence() {
        throw new Error('the listener is broken')
      },
    })
    engine.start()
    const statusOf = async (id = '') => (await store.getDelivery({ id }))?.status
    for (const { id } of deliveries) {
      await expect.poll(() => statusOf(id), { timeout: 5_000 }).toBe('succeeded')
    }
  })

  it('asks a store that is away a few times a second, whatever comes in', async () => {
    let looks = 0
    engine = createEngine({
      store: {
        ...store,
        advance: () => {
          looks += 1
          return Promise.reject(new StoreUnavailable('away', ''))
        },
      },
      senders: () => new Map(),
      clock,
      log: createLog('silent'),
    })
    engine.start()
    engine.wake(['url:x'])
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(looks).toBeGreaterThan(1)
    expect(looks).toBeLessThan(8)
  })
})
