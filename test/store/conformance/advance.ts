import { describe, expect, it } from 'vitest'
import { jsonText } from '../../../receiver/store/json-text.ts'
import { AMBIGUOUS, LANE, type TestedStore } from './tested-store.ts'

/** What claims and the results of attempts promise. */
export function describeAdvance(tested: TestedStore): void {
  const { put, advance, result, statusOf, claimOne } = tested

  describe('claims', () => {
    it('hands out a delivery once, with all that is needed to send it', async () => {
      const [id] = await put({})
      const { claimed } = await advance()
      expect(claimed).toMatchObject([{ id, spec: '{}', counted_attempts: 0, position: 0, lane: LANE }])
      expect((await advance()).claimed).toEqual([])
      expect(await statusOf(id ?? '')).toBe('delivering')
    })

    it('hands out a delivery with the revision that it was made under, whatever the automation says by then', async () => {
      await put({ target: 'acme/serving' })
      const revisions = [{ id: 'rev_2', automation: 'deploy', spec: jsonText({ repository: 'acme/other' }) }]
      await tested.store.saveRevisions({ revisions, now: tested.now })
      expect(await claimOne()).toMatchObject({ target: 'acme/serving', spec: '{}' })
    })

    it('keeps one request in flight per lane, and the pace between them', async () => {
      await put({}, {}, {})
      const first = await claimOne()
      tested.now += 5_000
      expect((await advance()).claimed).toEqual([])
      const { claimed } = await advance({ finished: [result(first)] })
      expect(claimed).toHaveLength(1)
      tested.now += 400
      const { claimed: early, wait_ms } = await advance({ finished: claimed.map((claim) => result(claim)) })
      expect(early).toEqual([])
      expect(wait_ms).toBe(600)
    })

    it('lets targets take turns, whatever waits for one of them', async () => {
      await put(...Array.from({ length: 20 }, () => ({ target: 'acme/loud' })))
      await put({ target: 'acme/quiet' }, { target: 'acme/zoo' })
      const served: string[] = []
      for (let i = 0; i < 6; i++) {
        const claim = await claimOne()
        served.push(claim.target)
        tested.now += 1_000
        await advance({ finished: [result(claim)], capacity: 0 })
      }
      expect(served.slice(0, 3).sort()).toEqual(['acme/loud', 'acme/quiet', 'acme/zoo'])
      expect(served.slice(3)).toEqual(['acme/loud', 'acme/loud', 'acme/loud'])
    })

    it('gives each lane its own concurrency', async () => {
      const lane = { lane: 'url:https://example.com', policy: { concurrency: 3, interval_ms: 0 } }
      await put(lane, lane, lane, lane)
      expect((await advance()).claimed).toHaveLength(3)
    })

    it('reclaims a delivery when its lease runs out, and drops the late result', async () => {
      const [id = ''] = await put({})
      const claim = await claimOne()
      tested.now += 60_000
      const { claimed } = await advance()
      expect(claimed.map((again) => again.id)).toEqual([id])
      const { consequences } = await advance({ finished: [result(claim)] })
      expect(consequences).toMatchObject([{ status: null }])
      const delivery = await tested.store.getDelivery({ id })
      expect(delivery?.status).toBe('delivering')
      expect(delivery?.attempt_log).toMatchObject([{ class: 'ambiguous' }])
    })

    it('reclaims everything under way when a single process starts anew', async () => {
      const [id = ''] = await put({})
      await claimOne()
      expect(await tested.store.recover({ now: tested.now })).toEqual({ reclaimed: 1, given_up: [] })
      expect(await statusOf(id)).toBe('pending')
      expect((await advance({ now: tested.now + 1_000 })).claimed).toHaveLength(1)
    })

    it('gives up a delivery that loses its worker again and again, by the same schedule', async () => {
      const [id = ''] = await put({})
      const waits: number[] = []
      for (let lost = 0; lost < 30 && (await statusOf(id)) === 'pending'; lost++) {
        await claimOne()
        await tested.store.recover({ now: tested.now })
        const { due_at = 0 } = (await tested.store.getDelivery({ id })) ?? {}
        waits.push(due_at - tested.now)
        tested.now = Math.max(due_at, tested.now + 1_000)
      }
      expect(waits.slice(0, 4)).toEqual([0, 5_000, 30_000, 120_000])
      expect(await tested.store.getDelivery({ id })).toMatchObject({
        status: 'failed',
        counted_attempts: 12,
        error: { message: expect.stringMatching(/used up/) as unknown },
      })
    })

    it('tells of what it gave up by itself, once, and of the recovery after it', async () => {
      const way = { automation: 'deploy', target: 'acme/serving' }
      const [lost = ''] = await put({})
      for (let n = 0; n < 11; n++) {
        await claimOne()
        await tested.store.recover({ now: tested.now })
        tested.now = Math.max((await tested.store.getDelivery({ id: lost }))?.due_at ?? 0, tested.now + 1_000)
      }
      await claimOne()
      const { given_up } = await tested.store.recover({ now: tested.now })
      expect(given_up).toMatchObject([
        { id: lost, status: 'failed', ...way, event: expect.anything() as unknown },
      ])
      const [late] = await put({ expires_after_ms: 500 })
      tested.now += 500
      const looked = await advance()
      expect(looked.given_up).toMatchObject([{ id: late, status: 'expired', class: 'expired', ...way }])
      expect((await advance()).given_up).toEqual([])
      await put({})
      tested.now += 1_000
      const { consequences } = await advance({ finished: [result(await claimOne())] })
      expect(consequences).toMatchObject([{ status: 'succeeded', recovered: true }])
    })

    it('says how long nothing will happen by itself', async () => {
      expect((await advance()).wait_ms).toBe(Infinity)
      await put({ expires_after_ms: 90_000 })
      await claimOne()
      expect((await advance()).wait_ms).toBe(60_000)
    })
  })

  describe('an attempt', () => {
    it('is kept with its result, and a success ends the delivery', async () => {
      const [id = ''] = await put({})
      const claim = await claimOne()
      await advance({
        finished: [
          result(claim, { request: jsonText({ method: 'POST', url: '', body: '' }), response: 'ok' }),
        ],
      })
      expect(await tested.store.getDelivery({ id })).toMatchObject({
        status: 'succeeded',
        counted_attempts: 1,
        error: null,
        attempt_log: [{ status: 204, class: 'success', request: { method: 'POST' }, response: 'ok' }],
      })
    })

    it('makes a dead letter at once when it is permanent', async () => {
      const [id = ''] = await put({})
      const claim = await claimOne()
      const no = {
        class: 'permanent',
        status: 404,
        message: 'no such repository',
        fix: 'check the name',
      } as const
      await advance({ finished: [result(claim, no)] })
      expect(await tested.store.getDelivery({ id })).toMatchObject({
        status: 'failed',
        error: { class: 'permanent', message: 'no such repository', fix: 'check the name' },
      })
    })

    it('follows the schedule until the delivery fails', async () => {
      const [id = ''] = await put({})
      const waits: number[] = []
      for (let i = 0; i < 11; i++) {
        const claim = await claimOne()
        await advance({ finished: [result(claim, AMBIGUOUS)], capacity: 0 })
        const { status, due_at } = (await tested.store.getDelivery({ id })) ?? {}
        if (status === 'failed') break
        waits.push(((due_at ?? 0) - tested.now) / 1_000)
        tested.now = due_at ?? 0
      }
      expect(waits).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800])
      expect(await tested.store.getDelivery({ id })).toMatchObject({ status: 'failed', counted_attempts: 11 })
    })

    it('does not count when a limit turned it away, and the whole lane is paused', async () => {
      const [id = ''] = await put({}, {})
      const claim = await claimOne()
      const limited = {
        class: 'limited',
        status: 429,
        retry_after_ms: 90_000,
        message: 'slow down',
      } as const
      await advance({ finished: [result(claim, limited)], capacity: 0 })
      tested.now += 89_999
      expect((await advance()).claimed).toEqual([])
      tested.now += 1
      expect((await advance()).claimed).toHaveLength(1)
      expect(await tested.store.getDelivery({ id })).toMatchObject({ counted_attempts: 0, attempts: 1 })
    })

    it('pauses the lane after five without an answer from two subjects, and then one probes', async () => {
      const other = { lane: 'url:x', policy: { concurrency: 5, interval_ms: 0 } }
      await put(...Array.from({ length: 8 }, () => other))
      const { claimed } = await advance()
      expect(claimed).toHaveLength(5)
      await advance({ finished: claimed.map((claim) => result(claim, AMBIGUOUS)), capacity: 0 })
      expect((await advance()).claimed).toEqual([])
      tested.now += 40_000
      const probe = await advance()
      expect(probe.claimed).toHaveLength(1)
      tested.now += 1
      await advance({ finished: probe.claimed.map((claim) => result(claim)), capacity: 0 })
      expect((await advance()).claimed.length).toBeGreaterThan(1)
    })
  })
}
