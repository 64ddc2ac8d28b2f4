import { describe, expect, it } from 'vitest'
import { startUpWith } from './start-up.ts'

const EVENTS = 50_000

describe(`a start on a SQLite store with ${EVENTS} events`, () => {
  it(
    'is no slower than on an empty one, whether its deliveries are done or wait',
    { timeout: 60_000 },
    async () => {
      const empty = await startUpWith(0, 0)
      const done = await startUpWith(EVENTS, 0)
      const waiting = await startUpWith(EVENTS, EVENTS)
      console.info(`/readyz after the start: empty ${empty} ms, done ${done} ms, waiting ${waiting} ms`)
      for (const took of [done, waiting]) expect(took - empty).toBeLessThan(500)
    },
  )
})
