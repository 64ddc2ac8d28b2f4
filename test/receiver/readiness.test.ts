import { expect, it } from 'vitest'
import { createReadiness } from '../../receiver/readiness.ts'
import type { Store } from '../../receiver/store/store.ts'

function ready() {
  const state = { now: 0, pings: 0, fails: false, healthy: true }
  const ping: Store['ping'] = () => {
    state.pings += 1
    return state.fails ? Promise.reject(new Error('no space left')) : Promise.resolve()
  }
  const clock = { wall: () => state.now, steady: () => state.now }
  const store = { ping } as Partial<Store> as Store
  return { state, readiness: createReadiness({ store, clock, healthy: () => state.healthy }) }
}

it('One check of the store a second serves all who ask for readiness', async () => {
  const { state, readiness } = ready()
  const asked = Array.from({ length: 100_000 }, () => readiness.notReady())
  expect(new Set(await Promise.all(asked))).toEqual(new Set([null]))
  expect(state.pings).toBe(1)
  state.fails = true
  state.now = 999
  expect(await readiness.notReady()).toBeNull()
  state.now = 1_000
  expect(await readiness.notReady()).toBe('no space left')
  state.fails = false
  state.now = 2_000
  expect(await readiness.notReady()).toBeNull()
  expect(state.pings).toBe(3)
})

it('An unhealthy worker and the beginning of a stop count at once, whatever the last check said', async () => {
  const { state, readiness } = ready()
  expect(await readiness.notReady()).toBeNull()
  state.healthy = false
  expect(await readiness.notReady()).toMatch(/worker/)
  readiness.drain()
  expect(await readiness.notReady()).toBe('shutting down')
})
