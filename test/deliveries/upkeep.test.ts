import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBacklog } from '../../receiver/deliveries/backlog.ts'
import { startUpkeep } from '../../receiver/deliveries/upkeep.ts'
import type { Config } from '../../receiver/config/config.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { storedEvent } from '../support/events.ts'

const DAY = 86_400_000
const START = 1_700_000_000_000
const CONFIG = { retention: { succeeded_ms: 30 * DAY, failed_ms: 90 * DAY } } as Config

describe('housekeeping', () => {
  let folder: string
  let store: Store
  let now: number
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    folder = mkdtempSync(join(tmpdir(), 'model-dispatch-upkeep-'))
    store = await openSqliteStore(folder)
    await store.accept({ now: START, events: [storedEvent()] })
    await store.wakeLanes({ now: START })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Starts at a time, lets some of it pass, and returns how many events are left. */
  async function leftAfter({ starts_at, passed }: { starts_at: number; passed: number }): Promise<number> {
    now = starts_at
    const clock = { wall: () => now, steady: () => now }
    const log = createLog('silent')
    const backlog = createBacklog({ store, clock, log, limit: () => 1_000 })
    const last_seen = await store.lastSeen({})
    const upkeep = startUpkeep({
      store,
      runtime: () => ({ config: CONFIG, automations: [] }),
      clock,
      log,
      backlog,
      silences: { check: () => Promise.resolve() },
      last_seen,
      wake: () => undefined,
    })
    const [saved, swept] = [vi.spyOn(store, 'saveRevisions'), vi.spyOn(store, 'sweep')]
    now += passed
    await vi.advanceTimersByTimeAsync(10 * 60_000)
    // A sweep begins once it is noted which automations are in force.
    for (const result of saved.mock.results) await result.value
    await new Promise(setImmediate)
    for (const result of swept.mock.results) await result.value
    upkeep.stop()
    return (await store.listEvents({ limit: 10 })).items.length
  }

  it('deletes what is past keeping', async () => {
    await store.wakeLanes({ now: START + 39.5 * DAY })
    expect(await leftAfter({ starts_at: START + 40 * DAY, passed: 600_000 })).toBe(0)
  })

  it('deletes nothing for a day after a start 40 days ahead of the last noted time, since that clock may be wrong', async () => {
    expect(await leftAfter({ starts_at: START + 40 * DAY, passed: 600_000 })).toBe(1)
  })

  it('goes by that clock once nobody has set it right for a day', async () => {
    expect(await leftAfter({ starts_at: START + 40 * DAY, passed: DAY })).toBe(0)
  })
})
