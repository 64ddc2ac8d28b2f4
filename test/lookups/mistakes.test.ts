import { z } from 'zod'
import { expect, it } from 'vitest'
import type { DestinationType } from '../../receiver/destinations/destination.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { AutomationsChanged, type Store } from '../../receiver/store/store.ts'
import { SOON } from '../regressions/receiver.ts'
import { startLookupScene } from './scene.ts'

const settings = z.strictObject({ type: z.literal('toy') })

/** A destination whose code fails from the second time on that it is asked where to send an event. */
function failing(): DestinationType<z.infer<typeof settings>> {
  let asked = 0
  return {
    type: 'toy',
    title: 'Toy',
    order: 'none',
    settings,
    example: { type: 'toy' },
    guide: '',
    answers: [],
    check: () => [],
    connect: () => ({
      target() {
        asked += 1
        if (asked > 1) throw new TypeError('a mistake in the toy')
        return { target: 'toy', listener: 'toy', lane: 'toy', policy: { concurrency: 1, interval_ms: 0 } }
      },
      render: () => ({ method: 'PUT', url: 'toy:', body: {} }),
      send: () => Promise.reject(new Error('not sent')),
    }),
  }
}

/** A store in which another replica changes the automations just as the first result is to be written. */
function changedOnce(store: Store): Store {
  let changed = false
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (name !== 'advanceLookups')
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      return async (args: Parameters<Store['advanceLookups']>[0]) => {
        if (changed || args.settled.length === 0) return await target.advanceLookups(args)
        changed = true
        throw new AutomationsChanged()
      }
    },
  })
}

it('an event whose second match fails by a mistake of the receiver fails alone, and the next ones are looked up', async () => {
  const toy = failing()
  const types = { sources: SOURCE_TYPES, destinations: new Map([[toy.type, toy]]) }
  const scene = await startLookupScene({
    types,
    around: changedOnce,
    destination: '{ type: toy }',
  })
  const answer = await scene.send()
  await expect.poll(async () => (await scene.event(answer)).status, SOON).toBe('lookup_failed')
  expect((await scene.event(answer)).event.extra.lookup).toEqual({ error: 'a mistake in the toy' })
  expect(scene.house.log).toContainEqual(
    expect.objectContaining({ message: 'a look-up failed by a mistake of the receiver' }),
  )
  const next = await scene.send({ alias: 'latest' })
  await expect.poll(async () => (await scene.event(next)).status, SOON).toBe('unmatched')
})
