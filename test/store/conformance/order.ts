import { describe, expect, it } from 'vitest'
import { storedDelivery, storedEvent } from '../../support/events.ts'
import { AMBIGUOUS, type TestedStore } from './tested-store.ts'

/** In which order deliveries of a subject are sent, and which are not sent at all. */
export function describeOrder(tested: TestedStore): void {
  const { put, advance, result, statusOf, claimOne } = tested

  describe('order', () => {
    const subject = 'a'.repeat(32)

    it('sends one subject strictly one after the other, also across retries', async () => {
      const [first = '', second = ''] = await put(
        { subject, supersede: 'never' },
        { subject, supersede: 'never' },
      )
      const claim = await claimOne()
      expect(claim.id).toBe(first)
      await advance({ finished: [result(claim, AMBIGUOUS)], capacity: 0 })
      tested.now += 4_999
      expect((await advance()).claimed).toEqual([])
      tested.now += 1
      expect((await advance()).claimed.map(({ id }) => id)).toEqual([first])
      expect(await statusOf(second)).toBe('pending')
    })

    it('does not make other subjects wait', async () => {
      const [, other] = await put({ subject, supersede: 'never' }, {})
      const claim = await claimOne()
      await advance({ finished: [result(claim, AMBIGUOUS)], capacity: 0 })
      tested.now += 1_000
      expect((await claimOne()).id).toBe(other)
    })

    it('sends unordered deliveries of one subject side by side', async () => {
      const lane = { lane: 'url:x', policy: { concurrency: 5, interval_ms: 0 }, subject, ordered: false }
      await put(lane, lane)
      expect((await advance()).claimed).toHaveLength(2)
    })

    it('supersedes a delivery that failed when a newer one comes (retrying)', async () => {
      const [v3 = ''] = await put({ subject })
      const claim = await claimOne()
      await advance({ finished: [result(claim, AMBIGUOUS)], capacity: 0 })
      const [v4] = await put({ subject })
      expect(await statusOf(v3)).toBe('superseded')
      tested.now += 1_000
      expect((await claimOne()).id).toBe(v4)
    })

    it('supersedes a delivery that fails while a newer one waits (retrying)', async () => {
      const [v3 = '', v4] = await put({ subject }, { subject })
      const claim = await claimOne()
      tested.now += 1_000
      const { claimed } = await advance({ finished: [result(claim, AMBIGUOUS)] })
      expect(await statusOf(v3)).toBe('superseded')
      expect(claimed.map(({ id }) => id)).toEqual([v4])
    })

    it.each([
      ['told first is superseded by the newer one under way', 'superseded', false],
      ['told after the newer one has failed is tried again', 'pending', true],
    ])('takes results that come at once in their order: what is %s', async (_what, expected, reversed) => {
      const loose = { subject, ordered: false, lane: 'url:x', policy: { concurrency: 2, interval_ms: 0 } }
      const [older = ''] = await put(loose, loose)
      const { claimed } = await advance()
      const finished = claimed.map((claim) =>
        result(claim, claim.id === older ? AMBIGUOUS : { class: 'permanent', status: 422 }),
      )
      const { superseded } = await advance({
        finished: reversed ? finished.reverse() : finished,
        capacity: 0,
      })
      expect(await statusOf(older)).toBe(expected)
      expect(superseded.map(({ delivery_id }) => delivery_id)).toEqual(reversed ? [] : [older])
    })

    it('supersedes whatever waits when a newer one comes (waiting), but not what is in flight', async () => {
      const [v3 = ''] = await put({ subject, supersede: 'waiting' })
      const claim = await claimOne()
      const [v4 = ''] = await put({ subject, supersede: 'waiting' })
      const [v5] = await put({ subject, supersede: 'waiting' })
      expect(await statusOf(v3)).toBe('delivering')
      expect(await statusOf(v4)).toBe('superseded')
      tested.now += 1_000
      const { claimed } = await advance({ finished: [result(claim)] })
      expect(claimed.map(({ id }) => id)).toEqual([v5])
    })

    it('supersedes whatever waits when a newer one comes in the same moment (waiting)', async () => {
      const waiting = { subject, supersede: 'waiting' } as const
      const [v3 = '', v4 = '', v5 = ''] = await put(waiting, waiting, waiting)
      expect([await statusOf(v3), await statusOf(v4)]).toEqual(['superseded', 'superseded'])
      expect((await claimOne()).id).toBe(v5)
    })

    it.each([2, 3, 4, 5, 6, 7, 8, 9])(
      'supersedes all but the newest of %d that come in the same moment (waiting)',
      async (size) => {
        const ids = await put(
          ...Array.from({ length: size }, () => ({ subject, supersede: 'waiting' }) as const),
        )
        const statuses = await Promise.all(ids.map((id) => statusOf(id)))
        expect(statuses).toEqual([...Array.from({ length: size - 1 }, () => 'superseded'), 'pending'])
      },
    )

    it('sends a delivery whose claim is lost before the newer one that waits: it has not failed', async () => {
      const [v3 = ''] = await put({ subject })
      await claimOne()
      await put({ subject })
      tested.now += 60_000
      expect((await claimOne()).id).toBe(v3)
    })

    it('puts a delivery whose claim is lost behind an older one that was redelivered meanwhile', async () => {
      const [v3 = ''] = await put({ subject, supersede: 'never' })
      await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 403 })] })
      await put({ subject, supersede: 'never' })
      tested.now += 1_000
      await claimOne()
      await tested.store.redeliver({ id: v3, force: true, now: tested.now })
      tested.now += 60_000
      expect((await claimOne()).id).toBe(v3)
    })

    it('never claims an expired delivery, even when its claim is lost at the same moment', async () => {
      const [id = ''] = await put({ subject, expires_after_ms: 30_000 })
      await claimOne()
      tested.now += 60_000
      expect((await advance()).claimed).toEqual([])
      await advance()
      expect(await statusOf(id)).toBe('expired')
    })

    it('keeps several slots of a subject in order, but supersedes within a slot alone', async () => {
      const [production, staging] = [
        { subject, slot: 'e'.repeat(32) },
        { subject, slot: 'f'.repeat(32) },
      ]
      const [v8 = '', v9 = ''] = await put(production, staging)
      await advance({ finished: [result(await claimOne(), AMBIGUOUS)], capacity: 0 })
      expect([await statusOf(v8), await statusOf(v9)]).toEqual(['pending', 'pending'])
      tested.now += 1_000
      expect((await advance()).claimed, 'v8 is still the first of the subject').toEqual([])
      const [v10] = await put(production)
      expect([await statusOf(v8), await statusOf(v9)]).toEqual(['superseded', 'pending'])
      for (const id of [v9, v10]) {
        const claim = await claimOne()
        expect(claim.id).toBe(id)
        await advance({ finished: [result(claim)], capacity: 0 })
        tested.now += 1_000
      }
    })

    it('names both events of every superseding', async () => {
      const supersede = 'waiting'
      const events = Array.from({ length: 4 }, () =>
        storedEvent({ deliveries: [storedDelivery({ subject, supersede })] }),
      )
      const [v3, v4, v5, v6] = events.map(({ id, deliveries: [delivery] }) => ({
        id,
        delivery: delivery?.id,
      }))
      const way = { automation: 'deploy', target: 'acme/serving' }
      const { now, store } = tested
      await store.accept({ now, events: events.slice(0, 1) })
      const [accepted] = await store.accept({ now, events: events.slice(1, 3) })
      expect(accepted).toMatchObject({
        superseded: [
          { delivery_id: v3?.delivery, event_id: v3?.id, ...way, superseded_by: v5?.id },
          { delivery_id: v4?.delivery, event_id: v4?.id, ...way, superseded_by: v5?.id },
        ],
      })
      const claim = await claimOne()
      await store.accept({ now, events: events.slice(3) })
      const { superseded } = await advance({ finished: [result(claim, AMBIGUOUS)], capacity: 0 })
      expect(superseded).toEqual([
        { delivery_id: v5?.delivery, event_id: v5?.id, ...way, superseded_by: v6?.id },
      ])
    })

    it('expires a delivery whose time has run out, and goes on with the next', async () => {
      const [old = '', next] = await put({ subject, expires_after_ms: 500, supersede: 'never' }, { subject })
      tested.now += 500
      expect((await advance()).claimed.map(({ id }) => id)).toEqual([next])
      expect(await statusOf(old)).toBe('expired')
    })
  })

  describe('an automation that becomes strict', () => {
    it('lets the next of a subject go when a delivery without order supersedes the first one', async () => {
      const subject = '9'.repeat(32)
      const [one, other] = [
        { subject, slot: 'e'.repeat(32) },
        { subject, slot: 'f'.repeat(32) },
      ] as const
      await put({ ...one, supersede: 'waiting' })
      const [next = ''] = await put(other)
      const [late = ''] = await put({ ...one, ordered: false })
      tested.now += 1_000
      const claimed = [await claimOne()]
      await advance({ finished: claimed.map((claim) => result(claim)), capacity: 0 })
      tested.now += 1_000
      claimed.push(await claimOne())
      expect(claimed.map(({ id }) => id).sort()).toEqual([next, late].sort())
    })

    it('does not wait behind what it sent without order, and is not dropped for it', async () => {
      const subject = 'e'.repeat(32)
      const [loose] = await put({ subject, ordered: false, lane: 'url:a', supersede: 'never' })
      const claim = await claimOne()
      expect(claim.id).toBe(loose)
      const [strict] = await put({ subject, lane: 'url:b', supersede: 'never' })
      expect((await advance()).claimed.map(({ id }) => id)).toEqual([strict])
    })

    it('does not end an older one without order when it succeeds', async () => {
      const subject = 'f'.repeat(32)
      const loose = {
        subject,
        ordered: false,
        supersede: 'never',
        policy: { concurrency: 2, interval_ms: 0 },
      } as const
      const [older = '', newer] = await put(loose, loose)
      const { claimed } = await advance()
      await advance({
        finished: claimed.map((claim) => result(claim, claim.id === newer ? {} : AMBIGUOUS)).reverse(),
      })
      expect(await statusOf(older)).toBe('pending')
    })
  })
}
