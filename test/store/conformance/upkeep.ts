import { describe, expect, it } from 'vitest'
import type { Revision } from '../../../receiver/store/records.ts'
import { REVISION, storedDelivery, storedEvent } from '../../support/events.ts'
import { AMBIGUOUS, type TestedStore } from './tested-store.ts'

const DAY_MS = 86_400_000

/** What housekeeping promises. */
export function describeUpkeep(tested: TestedStore): void {
  const { put, advance, result, statusOf, claimOne } = tested

  describe('upkeep', () => {
    it('deletes what is past keeping and nothing else', async () => {
      const [gone = '', kept = ''] = await put({ lane: 'url:a' }, { lane: 'url:b' })
      const { claimed } = await advance()
      await advance({ finished: claimed.filter(({ id }) => id === gone).map((claim) => result(claim)) })
      const bounds = { succeeded_ms: 0, failed_ms: 0, now: tested.now + 1 }
      while (!(await tested.store.sweep(bounds)).is_done);
      expect(await tested.store.getDelivery({ id: gone })).toBeNull()
      expect(await statusOf(kept)).toBe('delivering')
      expect((await tested.store.listEvents({ limit: 10 })).items).toHaveLength(1)
    })

    it('keeps an event with the last of its deliveries, and one that matched nothing as long as a success', async () => {
      const lanes = [storedDelivery({ lane: 'url:a' }), storedDelivery({ lane: 'url:b' })]
      const half = storedEvent({ deliveries: lanes })
      const unmatched = storedEvent()
      // Received long ago by the machine's clock, which says nothing about its age here.
      const young = storedEvent({ received_at: tested.now - 400 * 86_400_000 })
      await tested.store.accept({ now: tested.now, events: [half, unmatched] })
      await tested.store.accept({ now: tested.now + 1, events: [young] })
      const { claimed } = await advance()
      const finished = claimed.map((claim) =>
        result(claim, claim.lane === 'url:a' ? {} : { class: 'permanent', status: 422 }),
      )
      await advance({ finished })
      const kept = async () => (await tested.store.listEvents({ limit: 10 })).items.map(({ id }) => id)
      const sweepAll = async (failed_ms: number) => {
        const bounds = { succeeded_ms: 0, failed_ms, now: tested.now + 1 }
        while (!(await tested.store.sweep(bounds)).is_done);
      }
      await sweepAll(1)
      expect(await kept()).toEqual([young.id, half.id])
      await sweepAll(0)
      expect(await kept()).toEqual([young.id])
    })

    describe('the text of an automation', () => {
      const NEWER = { ...REVISION, id: 'rev_2' }
      /** Lets days pass, and deletes what is past a retention of one day. */
      const sweepAfter = async (days: number) => {
        tested.now += days * DAY_MS
        const bounds = { succeeded_ms: DAY_MS, failed_ms: DAY_MS, now: tested.now }
        while (!(await tested.store.sweep(bounds)).is_done);
      }
      const kept = async () => {
        const found = await Promise.all(['rev_1', 'rev_2'].map((id) => tested.store.getRevision({ id })))
        return found.flatMap((revision) => revision?.id ?? [])
      }
      const isInForce = (...revisions: Revision[]) =>
        tested.store.saveRevisions({ revisions, now: tested.now })

      it('is kept while it is in force, and is deleted when it has not been for as long as deliveries are kept', async () => {
        await isInForce(REVISION, NEWER)
        await sweepAfter(0.9)
        await isInForce(NEWER)
        await sweepAfter(0.9)
        expect(await kept()).toEqual(['rev_2'])
        await sweepAfter(2)
        expect(await kept()).toEqual([])
      })

      it('is kept as long as a delivery that was made under it, also one that waits for a hundred days', async () => {
        const [id = ''] = await put({})
        await isInForce(NEWER)
        await sweepAfter(100)
        expect(await kept()).toEqual(['rev_1', 'rev_2'])
        const claim = await claimOne()
        expect(claim.id).toBe(id)
        await advance({ finished: [result(claim)] })
        await sweepAfter(2)
        expect(await kept()).toEqual([])
      })

      it('comes back with an event that brings it along', async () => {
        await sweepAfter(100)
        expect(await kept()).toEqual([])
        const events = [1, 2].map(() => storedEvent({ revision: REVISION, deliveries: [storedDelivery()] }))
        await tested.store.accept({ now: tested.now, events })
        expect(await kept()).toEqual(['rev_1'])
        await claimOne()
      })
    })

    it('forgets that deliveries fail when those have been past keeping for as long again', async () => {
      const fail = async () => {
        tested.now += 10_000
        await put({})
        await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 422 })] })
      }
      const recovers = async () => {
        tested.now += 10_000
        await put({})
        const { consequences } = await advance({ finished: [result(await claimOne())] })
        return consequences.map(({ recovered }) => recovered)
      }
      const sweepAfter = async (days: number) => {
        tested.now += days * DAY_MS
        const bounds = { succeeded_ms: DAY_MS, failed_ms: 30 * DAY_MS, now: tested.now }
        while (!(await tested.store.sweep(bounds)).is_done);
        await tested.store.saveRevisions({ revisions: [REVISION], now: tested.now })
      }
      await fail()
      await sweepAfter(40)
      expect(await recovers()).toEqual([true])
      await fail()
      await sweepAfter(61)
      expect(await recovers()).toEqual([false])
    })

    it('counts what is unfinished, up to a bound', async () => {
      await put({}, {}, {})
      expect(await tested.store.backlog({ most: 10 })).toBe(3)
      expect(await tested.store.backlog({ most: 2 })).toBe(2)
    })

    it('moves waiting deliveries to another lane when an identity is learned', async () => {
      const [id] = await put({ lane: 'github-connection:h:main' })
      await tested.store.renameLane({
        from: 'github-connection:h:main',
        to: 'github-user:h:octo',
        now: tested.now,
      })
      expect((await advance()).claimed).toMatchObject([{ id, lane: 'github-user:h:octo' }])
    })

    it('takes what comes under a former name of a lane into the lane: one identity has one pace', async () => {
      const former = 'github-connection:h:main'
      const present = 'github-user:h:octo'
      await put({ lane: former })
      await tested.store.renameLane({ from: former, to: 'github-user:h:mona', now: tested.now })
      await tested.store.renameLane({ from: 'github-user:h:mona', to: present, now: tested.now })
      const [later] = await put({ lane: former })
      const claim = await claimOne()
      expect(claim.lane).toBe(present)
      tested.now += 1_000
      expect((await advance()).claimed).toEqual([])
      const { claimed } = await advance({ finished: [result(claim)] })
      expect(claimed).toMatchObject([{ id: later, lane: present }])
    })

    describe('after a process whose clock was 40 days ahead', () => {
      const AHEAD_MS = 40 * 86_400_000

      it('sends what that one left waiting, paced and paused', async () => {
        const began = tested.now
        tested.now += AHEAD_MS
        const [retried = '', paced = ''] = await put({ lane: 'url:a' }, { lane: 'url:b' })
        const { claimed } = await advance()
        const finished = claimed.map((claim) => result(claim, claim.id === retried ? AMBIGUOUS : {}))
        await advance({ finished })
        const [behind = ''] = await put({ lane: 'url:b' })
        tested.now = began
        expect((await advance()).claimed).toEqual([])
        expect(await tested.store.bringForward({ now: began })).toBe(2)
        expect((await advance()).claimed.map(({ id }) => id).sort()).toEqual([retried, behind].sort())
        expect(await statusOf(paced)).toBe('succeeded')
        expect(await tested.store.bringForward({ now: began })).toBe(0)
      })

      it('takes back what that one had under way', async () => {
        const began = tested.now
        tested.now += AHEAD_MS
        const [id = ''] = await put({})
        await claimOne()
        tested.now = began
        expect(await tested.store.bringForward({ now: began })).toBe(1)
        tested.now += 1
        expect((await advance()).claimed).toMatchObject([{ id }])
      })

      it('takes a change again that that one had seen within the window of repeats', async () => {
        const event = storedEvent()
        const again = { ...event, id: 'evt_again' }
        await tested.store.accept({ now: tested.now + AHEAD_MS, events: [event] })
        await tested.store.bringForward({ now: tested.now })
        const [accepted] = await tested.store.accept({ now: tested.now, events: [again] })
        expect(accepted).toMatchObject({ outcome: 'accepted', event_id: 'evt_again' })
      })

      it('changes nothing of what waits as long as a schedule says', async () => {
        const [id = ''] = await put({ lane: 'url:a' })
        await advance({ finished: [result(await claimOne(), AMBIGUOUS)] })
        const before = await tested.store.getDelivery({ id })
        expect(await tested.store.bringForward({ now: tested.now })).toBe(0)
        expect(await tested.store.getDelivery({ id })).toEqual(before)
      })
    })

    it('finds lanes whose wake time was lost', async () => {
      const subject = 'c'.repeat(32)
      const [one = ''] = await put({ subject, lane: 'url:a', supersede: 'waiting' })
      await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 404 })] })
      await put({ lane: 'url:a' })
      tested.now += 1_000
      await claimOne()
      await put({ subject, lane: 'url:b', supersede: 'never' })
      await tested.store.redeliver({ id: one, force: false, now: tested.now })
      expect((await advance()).claimed).toEqual([])
      await put({ subject, lane: 'url:c', supersede: 'never' })
      expect(await tested.store.wakeLanes({ now: tested.now + 1 })).toBe(1)
      expect((await advance({ now: tested.now + 1 })).claimed).toMatchObject([{ lane: 'url:b' }])
      expect(await tested.store.wakeLanes({ now: tested.now + 1 })).toBe(0)
    })
  })
}
