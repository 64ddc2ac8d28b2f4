import { describe, expect, it } from 'vitest'
import type { Finished, NewDelivery } from '../../../receiver/store/records.ts'
import { storedDelivery, storedEvent } from '../../support/events.ts'
import { AMBIGUOUS, type TestedStore } from './tested-store.ts'

/** What redelivery, replay and cancellation promise. */
export function describeManage(tested: TestedStore): void {
  const { put, advance, result, statusOf, claimOne } = tested

  describe('redelivery', () => {
    it('tries a dead letter again under its own id', async () => {
      const [id = ''] = await put({})
      const claim = await claimOne()
      await advance({ finished: [result(claim, { class: 'permanent', status: 404 })] })
      expect(await tested.store.redeliver({ id, force: false, now: tested.now })).toMatchObject({
        outcome: 'queued',
      })
      tested.now += 1_000
      expect((await claimOne()).id).toBe(id)
    })

    it('never rolls back: a dead letter with a newer success is stale unless forced', async () => {
      const subject = 'b'.repeat(32)
      const [v3 = ''] = await put({ subject })
      const claim = await claimOne()
      await advance({ finished: [result(claim, { class: 'permanent', status: 403 })] })
      await put({ subject })
      tested.now += 1_000
      await advance({ finished: [result(await claimOne())] })
      expect(await tested.store.redeliver({ id: v3, force: false, now: tested.now })).toEqual({
        outcome: 'stale',
      })
      expect(await tested.store.redeliver({ id: v3, force: true, now: tested.now })).toMatchObject({
        outcome: 'queued',
      })
    })

    it('goes first when a newer one still waits, so that the newer one ends last', async () => {
      const subject = 'c'.repeat(32)
      const [v3 = ''] = await put({ subject, supersede: 'never' })
      const claim = await claimOne()
      await advance({ finished: [result(claim, { class: 'permanent', status: 403 })] })
      const [v4 = ''] = await put({ subject, supersede: 'never' })
      await tested.store.redeliver({ id: v3, force: false, now: tested.now })
      tested.now += 1_000
      const again = await claimOne()
      expect(again.id).toBe(v3)
      tested.now += 1_000
      const { claimed } = await advance({ finished: [result(again)] })
      expect(claimed.map(({ id }) => id)).toEqual([v4])
    })

    it('leaves what is unfinished alone and says so', async () => {
      const [id = ''] = await put({})
      expect(await tested.store.redeliver({ id, force: false, now: tested.now })).toEqual({
        outcome: 'unfinished',
      })
      expect(await tested.store.redeliver({ id: 'dlv_none', force: false, now: tested.now })).toEqual({
        outcome: 'not_found',
      })
    })

    it('names the lanes in which a cancel lets the next of a subject go', async () => {
      const subject = 'c'.repeat(32)
      const [one = '', two] = await put(
        { subject, lane: 'url:a', supersede: 'never' },
        { subject, lane: 'url:b', supersede: 'never' },
      )
      await advance({ finished: [result(await claimOne(), AMBIGUOUS)] })
      const canceled = await tested.store.cancel({ id: one, now: tested.now })
      const lanes = canceled.outcome === 'canceled' ? canceled.lanes : []
      expect(lanes).toContain('url:b')
      expect((await advance({ lanes })).claimed.map(({ id }) => id)).toEqual([two])
    })

    it('puts a redelivery into the lane that its identity has by now', async () => {
      const [one = '', two = ''] = await put(
        { lane: 'github-connection:h:main' },
        { lane: 'github-connection:h:main' },
      )
      for (const _ of [one, two]) {
        await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 422 })] })
        tested.now += 1_000
      }
      await tested.store.renameLane({
        from: 'github-connection:h:main',
        to: 'github-user:h:octo',
        now: tested.now,
      })
      const again = {
        filter: { status: 'failed' as const },
        force: false,
        after: 0,
        limit: 1,
        now: tested.now,
      }
      expect(await tested.store.redeliver({ id: one, force: false, now: tested.now })).toMatchObject({
        outcome: 'queued',
      })
      expect(await tested.store.redeliverMany(again)).toMatchObject({ queued: 1 })
      const { items } = await tested.store.listDeliveries({ limit: 10 })
      expect(items.map(({ id }) => id)).toEqual([two, one])
      // One identity, one request at a time.
      expect((await advance()).claimed).toMatchObject([{ id: one, lane: 'github-user:h:octo' }])
      expect((await advance()).claimed).toEqual([])
    })
  })

  describe('a recovery', () => {
    const subject = 'd'.repeat(32)
    const refused = { class: 'permanent', status: 404 } as const
    const made = (parts: Partial<NewDelivery> = {}) =>
      storedDelivery({ subject, supersede: 'never', ...parts })
    const accept = async (parts: Parameters<typeof storedEvent>[0] = {}) => {
      const event = storedEvent({ deliveries: [made()], ...parts })
      const [accepted] = await tested.store.accept({ now: tested.now, events: [event] })
      return { id: event.id, delivery: event.deliveries[0]?.id ?? '', accepted }
    }
    const replay = (of: string, force = false) => accept({ replay: { of, force } })
    const attempt = async (id: string, parts: Partial<Finished> = {}) => {
      tested.now += 1_000
      const claim = await claimOne()
      expect(claim.id).toBe(id)
      await advance({ finished: [result(claim, parts)], capacity: 0 })
    }
    const redeliver = (id: string) => tested.store.redeliver({ id, force: false, now: tested.now })

    it('refuses a redelivery as stale even when retention has deleted the newer delivery', async () => {
      const v3 = await accept()
      await attempt(v3.delivery, refused)
      const v4 = await accept()
      await attempt(v4.delivery)
      tested.now += 31 * 86_400_000
      const retention = { succeeded_ms: 30 * 86_400_000, failed_ms: 90 * 86_400_000 }
      while (!(await tested.store.sweep({ ...retention, now: tested.now })).is_done);
      expect(await tested.store.getDelivery({ id: v4.delivery })).toBeNull()
      expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
      expect((await replay(v3.id)).accepted).toMatchObject({ outcome: 'stale' })
    })

    it('refuses a redelivery as stale even when the newer delivery was redelivered and then refused', async () => {
      const v3 = await accept()
      await attempt(v3.delivery, refused)
      const v4 = await accept()
      await attempt(v4.delivery)
      await redeliver(v4.delivery)
      await attempt(v4.delivery, refused)
      expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
    })

    it('refuses a redelivery as stale while a newer delivery may have got through and is to be tried again', async () => {
      const v3 = await accept()
      await attempt(v3.delivery, refused)
      const v4 = await accept()
      await attempt(v4.delivery, AMBIGUOUS)
      expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
    })

    it('gives a replay the place of its event', async () => {
      const v3 = await accept()
      await attempt(v3.delivery, refused)
      const v4 = await accept()
      await attempt(v4.delivery, refused)
      const again = await replay(v3.id)
      await attempt(again.delivery)
      // The replay of the older event does not make the newer one stale, and the newer one makes the replay stale.
      expect(await redeliver(v4.delivery)).toMatchObject({ outcome: 'queued' })
      await attempt(v4.delivery)
      expect(await redeliver(again.delivery)).toEqual({ outcome: 'stale' })
      expect((await replay(again.id)).accepted).toMatchObject({ outcome: 'stale' })
      expect((await replay(v4.id)).accepted).toMatchObject({ outcome: 'accepted' })
    })

    it('is not stale for what got through in another slot of its subject', async () => {
      const [production, staging] = [made({ slot: '1'.repeat(32) }), made({ slot: '2'.repeat(32) })]
      const v8 = storedEvent({ deliveries: [production] })
      await tested.store.accept({ now: tested.now, events: [v8] })
      await attempt(production.id, refused)
      await tested.store.accept({ now: tested.now, events: [storedEvent({ deliveries: [staging] })] })
      await attempt(staging.id)
      const again = made({ slot: '1'.repeat(32) })
      const replayed = storedEvent({ deliveries: [again], replay: { of: v8.id, force: false } })
      const [accepted] = await tested.store.accept({ now: tested.now, events: [replayed] })
      expect(accepted).toEqual({ outcome: 'accepted', event_id: replayed.id, repeat_of: null })
      await attempt(again.id, refused)
      expect(await redeliver(production.id)).toMatchObject({ outcome: 'queued' })
    })

    it('neither stores nor sends a replay that a newer event comes before', async () => {
      const v3 = await accept()
      await attempt(v3.delivery)
      const v4 = storedEvent({ deliveries: [made()] })
      const again = storedEvent({ deliveries: [made()], replay: { of: v3.id, force: false } })
      const results = await tested.store.accept({ now: tested.now, events: [v4] })
      expect(results).toMatchObject([{ outcome: 'accepted' }])
      expect(await tested.store.accept({ now: tested.now, events: [again] })).toEqual([
        { outcome: 'stale', event_id: again.id },
      ])
      expect(await tested.store.getEvent({ id: again.id })).toBeNull()
      expect((await replay(v3.id, true)).accepted).toMatchObject({ outcome: 'accepted' })
    })

    it('sends a forced replay at its place, before what waits', async () => {
      const v3 = await accept()
      await attempt(v3.delivery)
      const v4 = await accept()
      const again = made({ replay_of: v3.id })
      await accept({ deliveries: [again], replay: { of: v3.id, force: true } })
      await attempt(again.id)
      await attempt(v4.delivery)
    })

    it('says which deliveries of a replay are stale and left out', async () => {
      const [one, other] = [made(), made({ subject: 'e'.repeat(32), lane: 'url:other' })]
      const v3 = storedEvent({ deliveries: [one, other] })
      await tested.store.accept({ now: tested.now, events: [v3] })
      await accept()
      const [late, still] = [made(), made({ subject: 'e'.repeat(32), lane: 'url:other' })]
      const again = storedEvent({ deliveries: [late, still], replay: { of: v3.id, force: false } })
      const [accepted] = await tested.store.accept({ now: tested.now, events: [again] })
      expect(accepted).toMatchObject({ outcome: 'accepted', stale: [late.id] })
      const stored = await tested.store.getEvent({ id: again.id })
      expect(stored?.deliveries.map(({ id }) => id)).toEqual([still.id])
    })

    it('lets deliveries of one event neither supersede each other nor make each other stale', async () => {
      const [east, west] = [made({ supersede: 'waiting' }), made({ supersede: 'waiting' })]
      await tested.store.accept({ now: tested.now, events: [storedEvent({ deliveries: [east, west] })] })
      await attempt(east.id, refused)
      await attempt(west.id)
      expect(await redeliver(east.id)).toMatchObject({ outcome: 'queued' })
      await attempt(east.id)
    })

    it('gives a redelivery its time to live once more', async () => {
      const v3 = await accept({ deliveries: [made({ expires_after_ms: 5_000 })] })
      tested.now += 5_000
      await advance()
      expect(await statusOf(v3.delivery)).toBe('expired')
      await redeliver(v3.delivery)
      expect((await tested.store.getDelivery({ id: v3.delivery }))?.expires_at).toBe(tested.now + 5_000)
    })
  })
}
