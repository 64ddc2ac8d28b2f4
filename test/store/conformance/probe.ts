import { describe, expect, it } from 'vitest'
import { LANE, type TestedStore } from './tested-store.ts'

const REFUSED = { class: 'credentials', status: 401, message: 'refused', fix: 'correct it' } as const

/** What probing promises for lanes whose credentials were refused. */
export function describeProbe(tested: TestedStore): void {
  const { put, advance, result, claimOne } = tested
  const probe = (...prefixes: string[]) => tested.store.probeLanes({ prefixes, now: tested.now })

  async function pauseLane(): Promise<void> {
    await put({})
    const claim = await claimOne()
    const { consequences } = await advance({ finished: [result(claim, REFUSED)], capacity: 0 })
    expect(consequences).toMatchObject([{ paused: { reason: 'credentials' }, resumed: false }])
    tested.now += 1_000
    expect((await advance()).claimed).toEqual([])
  }

  describe('probeLanes', () => {
    it('lets a lane try its next delivery at once, and the lane goes on when that succeeds', async () => {
      await pauseLane()
      expect(await probe('github-app:api.github.com:1/')).toEqual([LANE])
      const claim = await claimOne()
      const { consequences } = await advance({ finished: [result(claim)], capacity: 0 })
      expect(consequences).toMatchObject([{ status: 'succeeded', paused: null, resumed: true }])
    })

    it('lets one delivery try: when it is refused too, the pause begins anew', async () => {
      await pauseLane()
      await put({})
      await probe('')
      const claim = await claimOne()
      expect((await advance()).claimed).toEqual([])
      await advance({ finished: [result(claim, REFUSED)], capacity: 0 })
      tested.now += 299_000
      expect((await advance()).claimed).toEqual([])
      const { items } = await tested.store.listDeliveries({ limit: 1 })
      expect(items).toMatchObject([{ lane_state: { pause: 'credentials', pause_message: 'refused' } }])
    })

    it('leaves other lanes alone, and those that a limit has paused', async () => {
      await pauseLane()
      await put({ lane: 'url:x', policy: { concurrency: 1, interval_ms: 0 } })
      const limited = { class: 'limited', status: 429, message: 'slow down', retry_after_ms: 90_000 } as const
      await advance({ finished: [result(await claimOne(), limited)], capacity: 0 })
      expect(await probe('github-user:', 'url:')).toEqual([])
      expect((await advance()).claimed).toEqual([])
      expect(await probe('')).toEqual([LANE])
      expect(await probe('')).toEqual([])
    })
  })
}
