import { describe, expect, it, onTestFinished } from 'vitest'
import { createAcceptor } from '../../receiver/deliveries/acceptor.ts'
import { createLog } from '../../receiver/observe/log.ts'
import type { Accepted } from '../../receiver/store/records.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { startHouse } from '../regressions/receiver.ts'
import { storedEvent } from '../support/events.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

describe('a store that takes a commit and does not answer', () => {
  it('keeps nobody longer than 5 s, neither in that commit nor behind it; what was behind it is not stored', async () => {
    let now = 0
    let answer: (results: Accepted[]) => void = () => undefined
    const groups: string[][] = []
    const store = {
      accept: ({ events }: Parameters<Store['accept']>[0]) => {
        groups.push(events.map(({ id }) => id))
        return new Promise<Accepted[]>((resolve) => (answer = resolve))
      },
    } as unknown as Store
    const accepted: string[] = []
    const clock = { wall: () => now, steady: () => now }
    const acceptor = createAcceptor({ store, clock, log: createLog('silent'), roomLeft: () => true })
    acceptor.onAccepted(({ id }) => accepted.push(id))
    const [first, second, third] = [storedEvent(), storedEvent(), storedEvent()]
    const failure = (each: Promise<unknown>) => each.catch((error: unknown) => error)
    const committed = failure(acceptor.accept(first))
    await new Promise((resolve) => setImmediate(resolve))
    const waiting = [committed, failure(acceptor.accept(second))]
    now = 4_999
    const late = acceptor.accept(third)
    now = 5_000
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(StoreUnavailable)

    answer([{ outcome: 'accepted', event_id: first.id, repeat_of: null }])
    await expect.poll(() => groups).toEqual([[first.id], [third.id]])
    answer([{ outcome: 'accepted', event_id: third.id, repeat_of: null }])
    expect(await late).toMatchObject({ outcome: 'accepted' })
    // What the server stored in the end is delivered, though its sender was told to come again.
    expect(accepted).toEqual([first.id, third.id])
  })

  it('does not have the sender told that nothing was stored: it may store it later', async () => {
    let ahead = 0
    const now = () => Date.now() + ahead
    let goOn: () => void = () => undefined
    const answering = new Promise<void>((resolve) => (goOn = resolve))
    const house = await startHouse({
      clock: { wall: now, steady: now },
      around: (store) => ({
        ...store,
        async accept(args) {
          ahead += 5_000
          await answering
          return await store.accept(args)
        },
      }),
    })
    onTestFinished(() => house.close())
    const { status, headers, body } = await sendWandb(house.url, aliasBody())
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('30')
    expect(body['message']).toBe('It may not have been stored. Send it again later.')
    goOn()
    await expect.poll(async () => (await house.api('/api/v1/events')).body['items']).toHaveLength(1)
  })
})
