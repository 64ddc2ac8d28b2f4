import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { systemClock } from '../../receiver/observe/clock.ts'
import type { Tables } from '../../receiver/store/schema.ts'
import { sharedClock } from '../../receiver/store/postgres/clock.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { createDatabase } from '../support/database.ts'
import { adjustableClock, setServerClock } from './server-clock.ts'

const HOUR = 3_600_000
const server = inject('postgresUrl')

describe("the machine's clock is set by an hour", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
  afterEach(() => void vi.useRealTimers())

  it.each([HOUR, -HOUR])('%i ms: what people are shown follows it, what schedules go by does not', (jump) => {
    const clock = systemClock(0)
    const [wall, steady] = [clock.wall(), clock.steady()]
    vi.setSystemTime(Date.now() + jump)
    expect(clock.wall() - wall).toBe(jump)
    expect(Math.abs(clock.steady() - steady)).toBeLessThan(1_000)
  })

  it('back, between two processes: the second one starts no earlier than the first one ended', () => {
    const noted = systemClock(0).steady()
    vi.setSystemTime(Date.now() - HOUR)
    expect(systemClock(noted).steady() - noted).toBeGreaterThanOrEqual(0)
    expect(systemClock(noted).steady() - noted).toBeLessThan(1_000)
  })

  it('back by 40 days, between two processes: the first one was wrong, and the second one does not go by it', () => {
    const noted = systemClock(0).steady()
    vi.setSystemTime(Date.now() - 40 * 24 * HOUR)
    expect(Math.abs(systemClock(noted).steady() - Date.now())).toBeLessThan(1_000)
  })

  it('forward, between two processes: what was due an hour later is due now, and nothing stalls', () => {
    const noted = systemClock(0).steady()
    vi.setSystemTime(Date.now() + HOUR)
    expect(systemClock(noted).steady() - noted - HOUR).toBeLessThan(1_000)
  })
})

describe.skipIf(server === null)('the clock of the PostgreSQL server is set by an hour', () => {
  let url: string
  let db: Kysely<Tables>
  let elapsed: number
  beforeEach(async () => {
    url = await adjustableClock(await createDatabase(server ?? ''))
    await (await openPostgresStore(url)).close()
    const types = new pg.TypeOverrides()
    types.setTypeParser(pg.types.builtins.INT8, Number)
    db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, types }) }) })
    elapsed = 0
  })
  afterEach(() => db.destroy())
  const replica = () => sharedClock(db, () => elapsed)
  const pass = async (ms: number) => {
    elapsed += ms
    await setServerClock(url, ms)
  }

  it.each([HOUR, -HOUR])('%i ms: replicas go on as they counted, and agree', async (jump) => {
    const [here, there] = [replica(), replica()]
    const before = await here.now()
    expect(Math.abs((await there.now()) - before)).toBeLessThan(1_000)
    await setServerClock(url, jump)
    await pass(11_000)
    for (const clock of [here, there])
      expect(Math.abs((await clock.now()) - before - 11_000)).toBeLessThan(1_000)
  })

  it.each([HOUR, -HOUR])('%i ms: a replica that joins later has the time of the others', async (jump) => {
    const here = replica()
    const before = await here.now()
    await setServerClock(url, jump)
    await pass(11_000)
    await here.now()
    expect(Math.abs((await replica().now()) - before - 11_000)).toBeLessThan(1_000)
  })

  it('right again after 40 days ahead: replicas go on as they counted, and the next one alone has the right time', async () => {
    const AHEAD = 40 * 24 * HOUR
    const before = await replica().now()
    await setServerClock(url, AHEAD)
    const former = replica()
    expect(Math.abs((await former.now()) - before - AHEAD)).toBeLessThan(2_000)
    await setServerClock(url, -AHEAD)
    await pass(11_000)
    expect(Math.abs((await former.now()) - before - AHEAD - 11_000)).toBeLessThan(2_000)
    await pass(60_000)
    expect(Math.abs((await replica().now()) - before - 71_000)).toBeLessThan(2_000)
  })

  it('and back again: time has only passed', async () => {
    const here = replica()
    const before = await here.now()
    for (const jump of [HOUR, -HOUR]) {
      await setServerClock(url, jump)
      await pass(11_000)
      await here.now()
    }
    expect(Math.abs((await here.now()) - before - 22_000)).toBeLessThan(2_000)
  })

  it('a replica that joins before anyone has noticed comes round to the others', async () => {
    const here = replica()
    const before = await here.now()
    await setServerClock(url, HOUR)
    const joined = replica()
    expect((await joined.now()) - before).toBeGreaterThan(HOUR - 5)
    for (let n = 0; n < 2; n++) {
      await pass(11_000)
      for (const clock of [here, joined]) await clock.now()
    }
    for (const clock of [here, joined])
      expect(Math.abs((await clock.now()) - before - 22_000)).toBeLessThan(2_000)
  })

  it('a replica whose machine was suspended for an hour joins the others, who go on undisturbed', async () => {
    let stood_still = 0
    const suspended = sharedClock(db, () => elapsed - stood_still)
    const others = replica()
    const before = await others.now()
    await suspended.now()
    for (let n = 0; n < 6; n++) {
      await pass(10_500)
      stood_still += 10_500
      await others.now()
    }
    await pass(10_500)
    for (const clock of [suspended, others])
      expect(Math.abs((await clock.now()) - before - 7 * 10_500)).toBeLessThan(2_000)
  })

  it('a server that is away does not stop the time', async () => {
    const broken = sharedClock(db, () => elapsed)
    const before = await broken.now()
    const failing = vi.spyOn(db, 'getExecutor').mockImplementation(() => {
      throw new Error('gone')
    })
    elapsed += 60_000
    expect(Math.abs((await broken.now()) - before - 60_000)).toBeLessThan(1_000)
    failing.mockRestore()
  })
})
