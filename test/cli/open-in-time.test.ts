import { describe, expect, it } from 'vitest'
import { openInTime } from '../../receiver/cli/open-in-time.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { StoreRefused, StoreUnavailable, type Store } from '../../receiver/store/store.ts'

const STORE = {} as Store
const away = () => Promise.reject(new StoreUnavailable('The server is away.', 'Start it.'))

/** A start on a store that opens at the given tries, with a clock that only pauses move. */
function start(tries: (() => Promise<Store>)[], patience_ms: number, stopped_at = Infinity) {
  let time = 0
  const lines: { message: string }[] = []
  const pauses: number[] = []
  const { promise: asked, resolve: ask } = Promise.withResolvers<null>()
  const opened = openInTime(() => tries.shift()?.() ?? Promise.resolve(STORE), {
    patience_ms,
    log: createLog('info', { write: (line) => lines.push(JSON.parse(line) as { message: string }) }),
    now: () => time,
    sleep: (ms) => {
      pauses.push(ms)
      time += ms
      if (time < stopped_at) return Promise.resolve()
      ask(null)
      return new Promise(() => undefined)
    },
    asked,
  })
  return { opened, lines, pauses, ask }
}

describe('a start on a store that is not there yet', () => {
  it('tries again with growing pauses and says each time why and what to do', async () => {
    const { opened, lines, pauses } = start([away, away, away], 30_000)
    expect(await opened).toBe(STORE)
    expect(pauses).toEqual([500, 1_000, 2_000])
    const line = {
      reason: 'The server is away.',
      fix: 'Start it.',
      message: 'the store is not there yet: tried again',
    }
    expect(lines).toMatchObject([line, line, line])
  })

  it('gives up when START_SECONDS are over, with the last reason', async () => {
    const { opened, pauses } = start(
      Array.from({ length: 20 }, () => away),
      10_000,
    )
    await expect(opened).rejects.toThrow(StoreUnavailable)
    expect(pauses).toEqual([500, 1_000, 2_000, 5_000])
  })

  it('tries once where START_SECONDS is 0', async () => {
    const { opened, pauses } = start([away], 0)
    await expect(opened).rejects.toThrow('The server is away.')
    expect(pauses).toEqual([])
  })

  it('does not try again what only a person can mend', async () => {
    const { opened, pauses } = start([() => Promise.reject(new StoreRefused('Not a database.'))], 30_000)
    await expect(opened).rejects.toThrow(StoreRefused)
    expect(pauses).toEqual([])
  })

  it('ends without a store when it is asked to stop meanwhile', async () => {
    const { opened } = start([away, away, away], 30_000, 1_000)
    expect(await opened).toBeNull()
  })

  it('ends without a store when it is asked to stop while a try hangs', async () => {
    const { opened, ask } = start([() => new Promise(() => undefined)], 30_000)
    ask(null)
    expect(await opened).toBeNull()
  })
})
