import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { laneOf, lanePolicy } from '../../receiver/github/lanes.ts'
import { systemClock } from '../../receiver/observe/clock.ts'
import { dispatchTo, patience, tokenConnection } from '../github/connections.ts'
import { startGitHub } from '../standins/github/index.ts'
import { SOON } from './receiver.ts'
import { attemptResult } from '../support/attempts.ts'
import { openBench, type Bench, type Send } from './engine.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

async function bench(send: Send = () => Promise.resolve(attemptResult())): Promise<Bench> {
  const opened = await openBench(send)
  onTestFinished(() => opened.close())
  return opened
}
const nobodyThere = attemptResult({ class: 'ambiguous', status: 502, message: 'bad gateway', fix: 'wait' })

describe('retries', () => {
  // Seen in convoy #1833.
  it('do not go on for ever: every attempt is counted, and the last one ends the delivery', async () => {
    const { put, settle, store, time, sent } = await bench(() => Promise.resolve(nobodyThere))
    const [id = ''] = await put({})
    const counted: number[] = []
    for (let status = 'pending'; status === 'pending' && counted.length < 50;) {
      await settle()
      const delivery = await store.getDelivery({ id })
      counted.push(delivery?.counted_attempts ?? 0)
      status = delivery?.status ?? 'gone'
      time.now = Math.max(time.now, delivery?.due_at ?? 0)
    }
    expect(counted).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect((await store.getDelivery({ id }))?.attempt_log).toHaveLength(11)
    time.now += 30 * DAY
    await settle()
    expect(sent).toHaveLength(11)
    expect(await store.getDelivery({ id })).toMatchObject({ status: 'failed', counted_attempts: 11 })
  })

  // Seen in convoy #1833.
  it('are not made because the record of an attempt cannot be written', async () => {
    const { put, settle, store, time, sent, failWrites } = await bench()
    failWrites(6)
    const [id = ''] = await put({})
    await settle()
    time.now += 61 * SECOND
    for (let look = 0; look < 6; look++) await settle()
    expect(sent).toEqual([id])
    expect(await store.getDelivery({ id })).toMatchObject({
      status: 'succeeded',
      counted_attempts: 1,
      attempts: 1,
    })
  })

  // Seen in posthog #92214.
  it('do not come before the Retry-After of a 429 is over', async () => {
    const github = await startGitHub({ validate: false })
    onTestFinished(() => github.close())
    github.failNext({ kind: 'custom', status: 429, headers: { 'retry-after': '60' } })
    const hub = createGitHub()
    const connection = tokenConnection({ api_url: github.url })
    const { put, settle, store, time, sent } = await bench(() =>
      hub.dispatch(connection, dispatchTo(), patience()),
    )
    const [id = ''] = await put({})
    await settle()
    const attemptsOf = async () => (await store.getDelivery({ id }))?.attempts
    await expect.poll(attemptsOf, SOON).toBe(1)
    time.now += 60 * SECOND - 1
    await settle()
    expect(sent).toHaveLength(1)
    time.now += 1
    await settle()
    expect(sent).toHaveLength(2)
    await expect.poll(attemptsOf, SOON).toBe(2)
    expect(await store.getDelivery({ id })).toMatchObject({ status: 'succeeded', counted_attempts: 1 })
  })
})

describe('a delivery whose time came while nobody ran', () => {
  // Seen in convoy #1667.
  it('is not left behind: the first look after the start takes it', async () => {
    const answers = [nobodyThere]
    const { put, settle, time, sent, restart } = await bench(() =>
      Promise.resolve(answers.shift() ?? attemptResult()),
    )
    const [id] = await put({})
    await settle()
    expect(sent).toEqual([id])
    await restart(() => (time.now += 7 * DAY))
    await settle()
    expect(sent).toEqual([id, id])
  })
})

describe('a clock that is set by an hour', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  // Seen in convoy #1667.
  it.each([HOUR, -HOUR])('(%i ms) moves no schedule', (jump) => {
    const clock = systemClock(0)
    const [wall, steady] = [clock.wall(), clock.steady()]
    vi.setSystemTime(Date.now() + jump)
    expect(Math.abs(clock.wall() - wall - jump)).toBeLessThan(SECOND)
    expect(Math.abs(clock.steady() - steady)).toBeLessThan(SECOND)
  })

  // Seen in convoy #1667.
  it('between two processes puts no retry off: time goes on where the earlier process was', () => {
    const last_seen = systemClock(0).steady()
    vi.setSystemTime(Date.now() - HOUR)
    const clock = systemClock(last_seen)
    expect(clock.steady()).toBeGreaterThanOrEqual(last_seen)
    expect(clock.steady() - last_seen).toBeLessThan(SECOND)
  })
})

describe('a limit', () => {
  // Seen in convoy #1927.
  it('is not without effect: of five events at one a minute one is sent, the others a minute apart', async () => {
    const slow = tokenConnection({ writes_per_second: 1 / 60 })
    const lane = laneOf(slow, 'acme', 'octocat')
    const policy = lanePolicy(lane, [slow], () => 'octocat')
    const { put, settle, store, time, sent } = await bench()
    const ids = await put(...Array.from({ length: 5 }, () => ({ lane, policy })))
    for (let minute = 1; minute <= 5; minute++) {
      await settle()
      expect(sent).toHaveLength(minute)
      const waiting = await store.listDeliveries({ status: 'pending', limit: 10 })
      expect(waiting.items).toHaveLength(5 - minute)
      time.now += 60 * SECOND - 1
      await settle()
      expect(sent).toHaveLength(minute)
      time.now += 1
    }
    expect([...sent].sort()).toEqual([...ids].sort())
  })

  // Seen in octokit's plugin-throttling.
  it('of one token does not hold up another: two tokens run side by side, one token never beside itself', async () => {
    const under_way = new Map<string, () => void>()
    const { put, settle, sent } = await bench(
      (id) =>
        new Promise((resolve) => {
          under_way.set(id, () => {
            under_way.delete(id)
            resolve(attemptResult())
          })
        }),
    )
    const owner = new Map<string, string>()
    for (const login of ['jane', 'joe']) {
      const connection = tokenConnection({ name: login, writes_per_second: 0 })
      const lane = laneOf(connection, 'acme', login)
      const to = { lane, policy: lanePolicy(lane, [connection], () => login) }
      for (const id of await put(to, to, to)) owner.set(id, login)
    }
    await settle()
    const ownersUnderWay = () => [...under_way.keys()].map((id) => owner.get(id)).sort()
    expect(ownersUnderWay()).toEqual(['jane', 'joe'])
    for (let left = 6; left > 0; left--) {
      under_way.values().next().value?.()
      await settle()
      expect(ownersUnderWay()).toEqual([...new Set(ownersUnderWay())])
    }
    expect(sent).toHaveLength(6)
  })
})
