import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BacklogFull, createAcceptor } from '../../receiver/deliveries/acceptor.ts'
import type { Clock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import type { NewEvent } from '../../receiver/store/records.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { storedEvent } from '../support/events.ts'

let folder: string
let store: Store
let now: number
const clock: Clock = { wall: () => now, steady: () => now }
/** Sizes of the groups that reached the store. */
let groups: number[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'model-dispatch-acceptor-'))
  store = await openSqliteStore(folder)
  now = 1_800_000_000_000
  groups = []
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The acceptor over the real store, which may be made to fail before it is asked. */
function acceptor(
  before: () => void = () => undefined,
  roomLeft = () => true,
  heard: (id: string) => void = () => undefined,
) {
  const accepted: string[] = []
  const listener = ({ id }: NewEvent) => {
    accepted.push(id)
    heard(id)
  }
  const watched: Store = {
    ...store,
    accept: async (args) => {
      groups.push(args.events.length)
      before()
      return await store.accept(args)
    },
  }
  const made = createAcceptor({ store: watched, clock, log: createLog('silent'), roomLeft })
  made.onAccepted(listener)
  return { accept: (event: NewEvent) => made.accept(event), idle: () => made.idle(), accepted }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const storedIds = async () => (await store.listEvents({ limit: 200 })).items.map(({ id }) => id).sort()
const ids = (events: readonly NewEvent[]) => events.map(({ id }) => id).sort()

describe('events that arrive while a commit runs', () => {
  it('go to disk together in the next one', async () => {
    const { accept } = acceptor()
    const first = accept(storedEvent())
    await nextTurn()
    await Promise.all([first, ...Array.from({ length: 99 }, () => accept(storedEvent()))])
    expect(groups).toEqual([1, 99])
    expect(await storedIds()).toHaveLength(100)
  })

  it('go together with those of the same turn of the event loop', async () => {
    const { accept } = acceptor()
    await Promise.all(Array.from({ length: 10 }, () => accept(storedEvent())))
    expect(groups).toEqual([10])
  })

  it('are told apart: repeats within one group are duplicates of the first', async () => {
    const { accept, accepted } = acceptor()
    const first = storedEvent()
    const again = storedEvent({ identity: first.identity })
    const results = await Promise.all([accept(storedEvent()), accept(first), accept(again)])
    expect(results.slice(1)).toEqual([
      { outcome: 'accepted', event_id: first.id, repeat_of: null },
      { outcome: 'duplicate', event_id: first.id },
    ])
    expect(accepted).not.toContain(again.id)
  })
})

describe('what follows an accept', () => {
  it('may fail: those in its group and behind it are answered all the same', async () => {
    const bad = storedEvent()
    const { accept, idle } = acceptor(undefined, undefined, (id) => {
      if (id === bad.id) throw new Error('listener')
    })
    const group = [accept(bad), accept(storedEvent())]
    await nextTurn()
    const behind = accept(storedEvent())
    expect(await Promise.all([...group, behind])).toHaveLength(3)
    await idle()
    expect(await accept(storedEvent())).toMatchObject({ outcome: 'accepted' })
  })
})

describe('one event among 63 that the store cannot take', () => {
  it('fails alone: every other one is stored and answered, each once', async () => {
    const { accept, accepted } = acceptor()
    const before = storedEvent()
    await accept(before)
    const good = Array.from({ length: 62 }, () => storedEvent())
    const poisoned = storedEvent({ id: before.id })
    const all = [...good.slice(0, 31), poisoned, ...good.slice(31)]
    const results = await Promise.allSettled([storedEvent(), ...all].map(accept))
    expect(Math.max(...groups)).toBeGreaterThanOrEqual(63)
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(results[1 + 31]).toMatchObject({ status: 'rejected' })
    const stored = await storedIds()
    for (const id of ids(good)) {
      expect(stored).toContain(id)
      expect(accepted.filter((one) => one === id)).toHaveLength(1)
    }
    expect(stored).toHaveLength(1 + 1 + 62)
  })

  it('does not stop what comes after it', async () => {
    const { accept } = acceptor()
    const first = storedEvent()
    await accept(first)
    await expect(accept(storedEvent({ id: first.id }))).rejects.toThrow()
    await expect(accept(storedEvent())).resolves.toMatchObject({ outcome: 'accepted' })
  })
})

describe('a store that is away', () => {
  const away = () => {
    throw new StoreUnavailable('away', 'wait')
  }

  it('is waited for: what came meanwhile is taken when it is back, in its order', async () => {
    let broken = true
    const { accept, accepted } = acceptor(() => {
      if (broken) away()
    })
    const events = Array.from({ length: 5 }, () => storedEvent())
    const results = Promise.all(events.map(accept))
    await expect.poll(() => groups.length).toBeGreaterThan(1)
    expect(await storedIds()).toEqual([])
    broken = false
    expect(await results).toHaveLength(5)
    expect(accepted).toEqual(events.map(({ id }) => id))
  })

  it('is waited for 5 s at most: then nothing is stored and the sender is told', async () => {
    const { accept, idle } = acceptor(away)
    const waiting = [accept(storedEvent()), accept(storedEvent())]
    const settled = Promise.allSettled(waiting)
    await expect.poll(() => groups.length).toBeGreaterThan(1)
    now += 4_999
    const tries = groups.length
    await expect.poll(() => groups.length).toBeGreaterThan(tries)
    now += 1
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) as unknown })
    }
    await idle()
    expect(await storedIds()).toEqual([])
  })
})

describe('a backlog over its limit', () => {
  it('is refused before the store is asked', async () => {
    const { accept } = acceptor(undefined, () => false)
    await expect(accept(storedEvent())).rejects.toThrow(BacklogFull)
    expect(groups).toEqual([])
  })
})
