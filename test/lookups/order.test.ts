import { describe, expect, it } from 'vitest'
import { sendLoad, untilDone } from './bad-registry.ts'

const LOAD = { events: 240, models: 40 }

describe('look-ups in a registry that hangs, fails and lies', () => {
  it(
    'keep the order of acceptance per model, lose no event and believe no lie',
    { timeout: 120_000 },
    async () => {
      const seen = await sendLoad(LOAD, true, async (house, clock) => {
        // What is not answered by now is given up.
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        clock.ahead += 60_000
        await untilDone(house, LOAD.events, 90_000)
      })
      expect(seen.statuses).toEqual({ matched: LOAD.events })
      expect(seen.looked_up).toBeGreaterThan(0)
      for (const numbers of seen.arrived.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      // An attempt under way when the clock is moved may be made again.
      expect(new Set([...seen.arrived.values()].flat()).size).toBe(LOAD.events)
    },
  )
})
