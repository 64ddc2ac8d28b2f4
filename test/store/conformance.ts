import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Advance, Advanced } from '../../receiver/store/records.ts'
import type { Claimed } from '../../receiver/store/records.ts'
import type { Finished } from '../../receiver/store/records.ts'
import type { NewDelivery } from '../../receiver/store/records.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { finishedAttempt } from '../support/attempts.ts'
import { REVISION, storedDelivery, storedEvent } from '../support/events.ts'

const START = 1_800_000_000_000
const LANE = 'github-app:api.github.com:1/acme'

/** What every store must do. `open` gives an empty one. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} store`, () => {
    let store: Store
    let now = START

    beforeEach(async () => {
      now = START
      store = await open()
      await store.saveRevisions({ revisions: [REVISION], now })
    })
    afterEach(() => store.close())

    const put = async (...deliveries: Partial<NewDelivery>[]) => {
      const made = deliveries.map(storedDelivery)
      await store.accept({ now, events: made.map((delivery) => storedEvent({ deliveries: [delivery] })) })
      return made.map(({ id }) => id)
    }
    const advance = (parts: Partial<Advance> = {}): Promise<Advanced> =>
      store.advance({ now, finished: [], capacity: 10, lease_ms: 60_000, lanes: [], ...parts })
    const result = (claim: Claimed, parts: Partial<Finished> = {}): Finished =>
      finishedAttempt(claim, { at: now, ...parts })
    const ambiguous = { class: 'ambiguous', status: 502, message: 'bad gateway', fix: 'wait' } as const
    const statusOf = async (id: string) => (await store.getDelivery({ id }))?.status
    const claimOne = async () => {
      const { claimed } = await advance({ capacity: 1 })
      const [claim] = claimed
      if (claim === undefined) throw new Error('nothing could be claimed')
      return claim
    }

    describe('accept', () => {
      it('keeps the event, its raw bytes and its deliveries together', async () => {
        const delivery = storedDelivery()
        const event = storedEvent({ raw: Buffer.from([0x7b, 0x00, 0xff, 0x7d]), deliveries: [delivery] })
        const results = await store.accept({ now, events: [event] })
        expect(results).toEqual([{ outcome: 'accepted', event_id: event.id, repeat_of: null }])
        const stored = await store.getEvent({ id: event.id })
        expect(Buffer.from(stored?.raw ?? [])).toEqual(Buffer.from([0x7b, 0x00, 0xff, 0x7d]))
        expect(stored?.deliveries.map(({ id }) => id)).toEqual([delivery.id])
      })

      it('answers a request seen before with the first one, within its window only', async () => {
        const identity = {
          rule: 'delivery',
          key: 'k',
          value: 'k',
          window_ms: 1_000,
          body_hash: null,
        } as const
        const [first, second, third] = [
          storedEvent({ identity }),
          storedEvent({ identity }),
          storedEvent({ identity }),
        ]
        await store.accept({ now, events: [first] })
        expect(await store.accept({ now, events: [second] })).toEqual([
          { outcome: 'duplicate', event_id: first.id },
        ])
        expect(await store.accept({ now: now + 1_000, events: [third] })).toMatchObject([
          { outcome: 'accepted' },
        ])
        expect(await store.getEvent({ id: second.id })).toBeNull()
      })

      it('lets an equal body through again when another one came in between', async () => {
        const like = (value: string) =>
          storedEvent({ identity: { rule: 'last', key: 'm', value, window_ms: 10_000, body_hash: value } })
        const a = like('a')
        const events = [a, like('a'), like('b'), like('a')]
        const results = await store.accept({ now, events })
        expect(results.map(({ outcome }) => outcome)).toEqual([
          'accepted',
          'duplicate',
          'accepted',
          'accepted',
        ])
        expect(results[3]).toMatchObject({ repeat_of: a.id })
        const again = await store.accept({ now, events: [like('a')] })
        expect(again).toEqual([{ outcome: 'duplicate', event_id: events[3]?.id }])
      })

      it('notes which event a later repeat repeats, and refuses it where the source wants that', async () => {
        const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 1, body_hash: 'x' } as const
        const first = storedEvent({ identity })
        await store.accept({ now, events: [first] })
        const later = storedEvent({ identity })
        const results = await store.accept({ now: now + 86_400_000, events: [later] })
        expect(results).toEqual([{ outcome: 'accepted', event_id: later.id, repeat_of: first.id }])
        expect(JSON.parse((await store.getEvent({ id: later.id }))?.event ?? '')).toMatchObject({
          repeat_of: first.id,
        })
        const refused = storedEvent({ identity, refuse_repeats: true })
        expect(await store.accept({ now: now + 2 * 86_400_000, events: [refused] })).toMatchObject([
          { outcome: 'duplicate', event_id: first.id },
        ])
      })

      it('answers a repeat of a refused repeat with the event that is kept', async () => {
        const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 1_000, body_hash: 'x' } as const
        const first = storedEvent({ identity })
        await store.accept({ now, events: [first] })
        const again = () => storedEvent({ identity, refuse_repeats: true })
        const known = { outcome: 'duplicate', event_id: first.id }
        const later = now + 86_400_000
        expect(await store.accept({ now: later, events: [again(), again()] })).toEqual([known, known])
        expect(await store.accept({ now: later + 1, events: [again()] })).toEqual([known])
      })

      it('takes equal requests for two where repeats are not looked for, also side by side', async () => {
        const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 0, body_hash: null } as const
        const events = [storedEvent({ identity }), storedEvent({ identity })]
        expect(await store.accept({ now, events })).toMatchObject([
          { outcome: 'accepted' },
          { outcome: 'accepted' },
        ])
      })

      it('tells an alias event which version held the alias before', async () => {
        const move = (version: string) => storedEvent({ holder: { key: 'resnet50:production', version } })
        const [v3, v4, v5] = [move('v3'), move('v4'), move('v5')]
        await store.accept({ now, events: [v3, v4] })
        await store.accept({ now, events: [v5] })
        const previous = await Promise.all(
          [v3, v4, v5].map(async ({ id }) => {
            const stored = await store.getEvent({ id })
            return (JSON.parse(stored?.event ?? '') as { change: { previous_version: string } }).change
              .previous_version
          }),
        )
        expect(previous).toEqual([null, 'v3', 'v4'])
      })

      it('stores nothing that took longer than its sender waits', async () => {
        const event = storedEvent({ deliveries: [storedDelivery()] })
        await expect(store.accept({ now, events: [event], wait_ms: -1 })).rejects.toThrow(StoreUnavailable)
        expect(await store.getEvent({ id: event.id })).toBeNull()
        const again = await store.accept({ now, events: [event], retry: true, wait_ms: 5_000 })
        expect(again).toMatchObject([{ outcome: 'accepted', event_id: event.id }])
      })

      it('stores nothing of a group in which one event is impossible', async () => {
        const known = storedEvent()
        await store.accept({ now, events: [known] })
        const good = storedEvent()
        await expect(store.accept({ now, events: [good, storedEvent({ id: known.id })] })).rejects.toThrow()
        expect(await store.getEvent({ id: good.id })).toBeNull()
      })
    })

    describe('claims', () => {
      it('hands out a delivery once, with all that is needed to send it', async () => {
        const [id] = await put({})
        const { claimed } = await advance()
        expect(claimed).toMatchObject([{ id, spec: '{}', counted_attempts: 0, position: 0, lane: LANE }])
        expect((await advance()).claimed).toEqual([])
        expect(await statusOf(id ?? '')).toBe('delivering')
      })

      it('keeps one request in flight per lane, and the pace between them', async () => {
        await put({}, {}, {})
        const first = await claimOne()
        now += 5_000
        expect((await advance()).claimed).toEqual([])
        const { claimed } = await advance({ finished: [result(first)] })
        expect(claimed).toHaveLength(1)
        now += 400
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
          now += 1_000
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

      it('takes a delivery back when its lease runs out, and drops the late result', async () => {
        const [id = ''] = await put({})
        const claim = await claimOne()
        now += 60_000
        const { claimed } = await advance()
        expect(claimed.map((again) => again.id)).toEqual([id])
        const { consequences } = await advance({ finished: [result(claim)] })
        expect(consequences).toMatchObject([{ status: null }])
        const delivery = await store.getDelivery({ id })
        expect(delivery?.status).toBe('delivering')
        expect(delivery?.attempt_log).toMatchObject([{ class: 'ambiguous' }])
      })

      it('takes back everything under way when a single process starts anew', async () => {
        const [id = ''] = await put({})
        await claimOne()
        expect(await store.recover({ now })).toEqual({ reclaimed: 1, given_up: [] })
        expect(await statusOf(id)).toBe('pending')
        expect((await advance({ now: now + 1_000 })).claimed).toHaveLength(1)
      })

      it('gives up a delivery that loses its worker again and again, by the same schedule', async () => {
        const [id = ''] = await put({})
        const waits: number[] = []
        for (let lost = 0; lost < 30 && (await statusOf(id)) === 'pending'; lost++) {
          await claimOne()
          await store.recover({ now })
          const { due_at = 0 } = (await store.getDelivery({ id })) ?? {}
          waits.push(due_at - now)
          now = Math.max(due_at, now + 1_000)
        }
        expect(waits.slice(0, 4)).toEqual([0, 5_000, 30_000, 120_000])
        expect(await store.getDelivery({ id })).toMatchObject({
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
          await store.recover({ now })
          now = Math.max((await store.getDelivery({ id: lost }))?.due_at ?? 0, now + 1_000)
        }
        await claimOne()
        const { given_up } = await store.recover({ now })
        expect(given_up).toMatchObject([
          { id: lost, status: 'failed', ...way, event: expect.anything() as unknown },
        ])
        const [late] = await put({ expires_after_ms: 500 })
        now += 500
        const looked = await advance()
        expect(looked.given_up).toMatchObject([{ id: late, status: 'expired', class: 'expired', ...way }])
        expect((await advance()).given_up).toEqual([])
        await put({})
        now += 1_000
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

    describe('order', () => {
      const subject = 'a'.repeat(32)

      it('sends one subject strictly one after the other, also across retries', async () => {
        const [first = '', second = ''] = await put(
          { subject, supersede: 'never' },
          { subject, supersede: 'never' },
        )
        const claim = await claimOne()
        expect(claim.id).toBe(first)
        await advance({ finished: [result(claim, ambiguous)], capacity: 0 })
        now += 4_999
        expect((await advance()).claimed).toEqual([])
        now += 1
        expect((await advance()).claimed.map(({ id }) => id)).toEqual([first])
        expect(await statusOf(second)).toBe('pending')
      })

      it('does not make other subjects wait', async () => {
        const [, other] = await put({ subject, supersede: 'never' }, {})
        const claim = await claimOne()
        await advance({ finished: [result(claim, ambiguous)], capacity: 0 })
        now += 1_000
        expect((await claimOne()).id).toBe(other)
      })

      it('sends unordered deliveries of one subject side by side', async () => {
        const lane = { lane: 'url:x', policy: { concurrency: 5, interval_ms: 0 }, subject, ordered: false }
        await put(lane, lane)
        expect((await advance()).claimed).toHaveLength(2)
      })

      it('lets one that failed give way to a newer one (retrying)', async () => {
        const [v3 = ''] = await put({ subject })
        const claim = await claimOne()
        await advance({ finished: [result(claim, ambiguous)], capacity: 0 })
        const [v4] = await put({ subject })
        expect(await statusOf(v3)).toBe('superseded')
        now += 1_000
        expect((await claimOne()).id).toBe(v4)
      })

      it('lets one give way that fails while a newer one waits (retrying)', async () => {
        const [v3 = '', v4] = await put({ subject }, { subject })
        const claim = await claimOne()
        now += 1_000
        const { claimed } = await advance({ finished: [result(claim, ambiguous)] })
        expect(await statusOf(v3)).toBe('superseded')
        expect(claimed.map(({ id }) => id)).toEqual([v4])
      })

      it('lets whatever waits give way (waiting), but not what is in flight', async () => {
        const [v3 = ''] = await put({ subject, supersede: 'waiting' })
        const claim = await claimOne()
        const [v4 = ''] = await put({ subject, supersede: 'waiting' })
        const [v5] = await put({ subject, supersede: 'waiting' })
        expect(await statusOf(v3)).toBe('delivering')
        expect(await statusOf(v4)).toBe('superseded')
        now += 1_000
        const { claimed } = await advance({ finished: [result(claim)] })
        expect(claimed.map(({ id }) => id)).toEqual([v5])
      })

      it('lets whatever waits give way to what came in the same moment (waiting)', async () => {
        const waiting = { subject, supersede: 'waiting' } as const
        const [v3 = '', v4 = '', v5 = ''] = await put(waiting, waiting, waiting)
        expect([await statusOf(v3), await statusOf(v4)]).toEqual(['superseded', 'superseded'])
        expect((await claimOne()).id).toBe(v5)
      })

      it('sends one whose claim is lost before the newer one that waits: it has not failed', async () => {
        const [v3 = ''] = await put({ subject })
        await claimOne()
        await put({ subject })
        now += 60_000
        expect((await claimOne()).id).toBe(v3)
      })

      it('puts one whose claim is lost behind an older one that was redelivered meanwhile', async () => {
        const [v3 = ''] = await put({ subject, supersede: 'never' })
        await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 403 })] })
        await put({ subject, supersede: 'never' })
        now += 1_000
        await claimOne()
        await store.redeliver({ id: v3, force: true, now })
        now += 60_000
        expect((await claimOne()).id).toBe(v3)
      })

      it('never claims what its time has run out for, though its claim is lost at the same moment', async () => {
        const [id = ''] = await put({ subject, expires_after_ms: 30_000 })
        await claimOne()
        now += 60_000
        expect((await advance()).claimed).toEqual([])
        await advance()
        expect(await statusOf(id)).toBe('expired')
      })

      it('ends what its time has run out for, and goes on with the next', async () => {
        const [old = '', next] = await put(
          { subject, expires_after_ms: 500, supersede: 'never' },
          { subject },
        )
        now += 500
        expect((await advance()).claimed.map(({ id }) => id)).toEqual([next])
        expect(await statusOf(old)).toBe('expired')
      })
    })

    describe('attempts', () => {
      it('are kept with their result, and a success ends the delivery', async () => {
        const [id = ''] = await put({})
        const claim = await claimOne()
        await advance({
          finished: [
            result(claim, { request: jsonText({ method: 'POST', url: '', body: '' }), response: 'ok' }),
          ],
        })
        expect(await store.getDelivery({ id })).toMatchObject({
          status: 'succeeded',
          counted_attempts: 1,
          error: null,
          attempt_log: [{ status: 204, class: 'success', request: { method: 'POST' }, response: 'ok' }],
        })
      })

      it('that are permanent make a dead letter at once', async () => {
        const [id = ''] = await put({})
        const claim = await claimOne()
        const no = {
          class: 'permanent',
          status: 404,
          message: 'no such repository',
          fix: 'check the name',
        } as const
        await advance({ finished: [result(claim, no)] })
        expect(await store.getDelivery({ id })).toMatchObject({
          status: 'failed',
          error: { class: 'permanent', message: 'no such repository', fix: 'check the name' },
        })
      })

      it('follow the schedule and then stop', async () => {
        const [id = ''] = await put({})
        const waits: number[] = []
        for (let i = 0; i < 11; i++) {
          const claim = await claimOne()
          await advance({ finished: [result(claim, ambiguous)], capacity: 0 })
          const { status, due_at } = (await store.getDelivery({ id })) ?? {}
          if (status === 'failed') break
          waits.push(((due_at ?? 0) - now) / 1_000)
          now = due_at ?? 0
        }
        expect(waits).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800])
        expect(await store.getDelivery({ id })).toMatchObject({ status: 'failed', counted_attempts: 11 })
      })

      it('that a limit turned away do not count, and the whole lane rests', async () => {
        const [id = ''] = await put({}, {})
        const claim = await claimOne()
        const limited = {
          class: 'limited',
          status: 429,
          retry_after_ms: 90_000,
          message: 'slow down',
        } as const
        await advance({ finished: [result(claim, limited)], capacity: 0 })
        now += 89_999
        expect((await advance()).claimed).toEqual([])
        now += 1
        expect((await advance()).claimed).toHaveLength(1)
        expect(await store.getDelivery({ id })).toMatchObject({ counted_attempts: 0, attempts: 1 })
      })

      it('that nobody answers pause the lane after five from two subjects, and then one probes', async () => {
        const other = { lane: 'url:x', policy: { concurrency: 5, interval_ms: 0 } }
        await put(...Array.from({ length: 8 }, () => other))
        const { claimed } = await advance()
        expect(claimed).toHaveLength(5)
        await advance({ finished: claimed.map((claim) => result(claim, ambiguous)), capacity: 0 })
        expect((await advance()).claimed).toEqual([])
        now += 40_000
        const probe = await advance()
        expect(probe.claimed).toHaveLength(1)
        now += 1
        await advance({ finished: probe.claimed.map((claim) => result(claim)), capacity: 0 })
        expect((await advance()).claimed.length).toBeGreaterThan(1)
      })
    })

    describe('redelivery', () => {
      it('tries a dead letter again under its own id', async () => {
        const [id = ''] = await put({})
        const claim = await claimOne()
        await advance({ finished: [result(claim, { class: 'permanent', status: 404 })] })
        expect(await store.redeliver({ id, force: false, now })).toMatchObject({ outcome: 'queued' })
        now += 1_000
        expect((await claimOne()).id).toBe(id)
      })

      it('never rolls back: a dead letter with a newer success is stale unless forced', async () => {
        const subject = 'b'.repeat(32)
        const [v3 = ''] = await put({ subject })
        const claim = await claimOne()
        await advance({ finished: [result(claim, { class: 'permanent', status: 403 })] })
        await put({ subject })
        now += 1_000
        await advance({ finished: [result(await claimOne())] })
        expect(await store.redeliver({ id: v3, force: false, now })).toEqual({ outcome: 'stale' })
        expect(await store.redeliver({ id: v3, force: true, now })).toMatchObject({ outcome: 'queued' })
      })

      it('goes first when a newer one still waits, so that the newer one ends last', async () => {
        const subject = 'c'.repeat(32)
        const [v3 = ''] = await put({ subject, supersede: 'never' })
        const claim = await claimOne()
        await advance({ finished: [result(claim, { class: 'permanent', status: 403 })] })
        const [v4 = ''] = await put({ subject, supersede: 'never' })
        await store.redeliver({ id: v3, force: false, now })
        now += 1_000
        const again = await claimOne()
        expect(again.id).toBe(v3)
        now += 1_000
        const { claimed } = await advance({ finished: [result(again)] })
        expect(claimed.map(({ id }) => id)).toEqual([v4])
      })

      it('leaves what is unfinished alone and says so', async () => {
        const [id = ''] = await put({})
        expect(await store.redeliver({ id, force: false, now })).toEqual({ outcome: 'unfinished' })
        expect(await store.redeliver({ id: 'dlv_none', force: false, now })).toEqual({ outcome: 'not_found' })
      })
    })

    describe('a recovery never rolls back', () => {
      const subject = 'd'.repeat(32)
      const refused = { class: 'permanent', status: 404 } as const
      const made = (parts: Partial<NewDelivery> = {}) =>
        storedDelivery({ subject, supersede: 'never', ...parts })
      const accept = async (parts: Parameters<typeof storedEvent>[0] = {}) => {
        const event = storedEvent({ deliveries: [made()], ...parts })
        const [accepted] = await store.accept({ now, events: [event] })
        return { id: event.id, delivery: event.deliveries[0]?.id ?? '', accepted }
      }
      const replay = (of: string, force = false) => accept({ replay: { of, force } })
      const attempt = async (id: string, parts: Partial<Finished> = {}) => {
        now += 1_000
        const claim = await claimOne()
        expect(claim.id).toBe(id)
        await advance({ finished: [result(claim, parts)], capacity: 0 })
      }
      const redeliver = (id: string) => store.redeliver({ id, force: false, now })

      it('though retention has deleted the newer delivery', async () => {
        const v3 = await accept()
        await attempt(v3.delivery, refused)
        const v4 = await accept()
        await attempt(v4.delivery)
        now += 31 * 86_400_000
        const retention = { succeeded_ms: 30 * 86_400_000, failed_ms: 90 * 86_400_000 }
        while ((await store.sweep({ ...retention, now })) > 0);
        expect(await store.getDelivery({ id: v4.delivery })).toBeNull()
        expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
        expect((await replay(v3.id)).accepted).toMatchObject({ outcome: 'stale' })
      })

      it('though the newer delivery was redelivered and then refused', async () => {
        const v3 = await accept()
        await attempt(v3.delivery, refused)
        const v4 = await accept()
        await attempt(v4.delivery)
        await redeliver(v4.delivery)
        await attempt(v4.delivery, refused)
        expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
      })

      it('over a newer delivery that may have got through and is to be tried again', async () => {
        const v3 = await accept()
        await attempt(v3.delivery, refused)
        const v4 = await accept()
        await attempt(v4.delivery, ambiguous)
        expect(await redeliver(v3.delivery)).toEqual({ outcome: 'stale' })
      })

      it('by a replay, which stands where its event stood', async () => {
        const v3 = await accept()
        await attempt(v3.delivery, refused)
        const v4 = await accept()
        await attempt(v4.delivery, refused)
        const again = await replay(v3.id)
        await attempt(again.delivery)
        // The replay of the older event does not outdate the newer one, and the newer one outdates the replay.
        expect(await redeliver(v4.delivery)).toMatchObject({ outcome: 'queued' })
        await attempt(v4.delivery)
        expect(await redeliver(again.delivery)).toEqual({ outcome: 'stale' })
        expect((await replay(again.id)).accepted).toMatchObject({ outcome: 'stale' })
        expect((await replay(v4.id)).accepted).toMatchObject({ outcome: 'accepted' })
      })

      it('by a replay that a newer event comes before: neither is stored nor sent', async () => {
        const v3 = await accept()
        await attempt(v3.delivery)
        const v4 = storedEvent({ deliveries: [made()] })
        const again = storedEvent({ deliveries: [made()], replay: { of: v3.id, force: false } })
        const results = await store.accept({ now, events: [v4] })
        expect(results).toMatchObject([{ outcome: 'accepted' }])
        expect(await store.accept({ now, events: [again] })).toEqual([
          { outcome: 'stale', event_id: again.id },
        ])
        expect(await store.getEvent({ id: again.id })).toBeNull()
        expect((await replay(v3.id, true)).accepted).toMatchObject({ outcome: 'accepted' })
      })

      it('unless forced: then it goes where it stands, before what waits', async () => {
        const v3 = await accept()
        await attempt(v3.delivery)
        const v4 = await accept()
        const again = made({ replay_of: v3.id })
        await accept({ deliveries: [again], replay: { of: v3.id, force: true } })
        await attempt(again.id)
        await attempt(v4.delivery)
      })

      it('and says which deliveries of a replay it left out', async () => {
        const [one, other] = [made(), made({ subject: 'e'.repeat(32), lane: 'url:other' })]
        const v3 = storedEvent({ deliveries: [one, other] })
        await store.accept({ now, events: [v3] })
        await accept()
        const [late, still] = [made(), made({ subject: 'e'.repeat(32), lane: 'url:other' })]
        const again = storedEvent({ deliveries: [late, still], replay: { of: v3.id, force: false } })
        const [accepted] = await store.accept({ now, events: [again] })
        expect(accepted).toMatchObject({ outcome: 'accepted', stale: [late.id] })
        const stored = await store.getEvent({ id: again.id })
        expect(stored?.deliveries.map(({ id }) => id)).toEqual([still.id])
      })

      it('while deliveries of one event never replace or outdate each other', async () => {
        const [east, west] = [made({ supersede: 'waiting' }), made({ supersede: 'waiting' })]
        await store.accept({ now, events: [storedEvent({ deliveries: [east, west] })] })
        await attempt(east.id, refused)
        await attempt(west.id)
        expect(await redeliver(east.id)).toMatchObject({ outcome: 'queued' })
        await attempt(east.id)
      })

      it('and gives a redelivery its time to live once more', async () => {
        const v3 = await accept({ deliveries: [made({ expires_after_ms: 5_000 })] })
        now += 5_000
        await advance()
        expect(await statusOf(v3.delivery)).toBe('expired')
        await redeliver(v3.delivery)
        expect((await store.getDelivery({ id: v3.delivery }))?.expires_at).toBe(now + 5_000)
      })
    })

    describe('an automation that becomes strict', () => {
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
          finished: claimed.map((claim) => result(claim, claim.id === newer ? {} : ambiguous)).reverse(),
        })
        expect(await statusOf(older)).toBe('pending')
      })
    })

    describe('lists', () => {
      it('page through everything exactly once, newest first', async () => {
        const ids = await put(...Array.from({ length: 7 }, () => ({})))
        const seen: string[] = []
        let cursor: string | null = ''
        while (cursor !== null) {
          const page: Awaited<ReturnType<Store['listDeliveries']>> = await store.listDeliveries({
            limit: 3,
            ...(cursor === '' ? {} : { cursor }),
          })
          seen.push(...page.items.map(({ id }) => id))
          cursor = page.next_cursor
        }
        expect(seen).toEqual(ids.reverse())
      })

      it('filter by what people ask for', async () => {
        const [id] = await put({ automation: 'evaluate', target: 'acme/eval' }, {})
        for (const filter of [{ automation: 'evaluate' }, { destination: 'acme/eval' }]) {
          const { items } = await store.listDeliveries({ ...filter, limit: 10 })
          expect(items.map((item) => item.id)).toEqual([id])
        }
        const { items } = await store.listEvents({ automation: 'evaluate', limit: 10 })
        expect(items.flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.id))).toEqual([id])
        expect((await store.listDeliveries({ status: 'failed', limit: 10 })).items).toEqual([])
      })

      it('have the attempts of each delivery, the latest of very many, without request and response', async () => {
        const limited = { class: 'limited', status: 429, retry_after_ms: 1_000, message: 'later' } as const
        const often = storedDelivery({ lane: 'url:a' })
        const once = storedDelivery({ lane: 'url:b' })
        const nowhere = { class: 'permanent', message: 'no repository', fix: 'name one' } as const
        const never = storedDelivery({ lane: '', target: '', error: nowhere })
        const event = storedEvent({ deliveries: [often, once, never] })
        await store.accept({ now, events: [event] })
        for (let n = 0; n < 25; n++) {
          const { claimed } = await advance()
          const finished = claimed.map((claim) => result(claim, claim.id === often.id ? limited : {}))
          await advance({ finished, capacity: 0 })
          // Longer than any limit lasts, however often it is met.
          now += 7_200_000
        }
        const attempt = { duration_ms: 5, status: 204, class: 'success', error: null }
        const check = (deliveries: readonly { id: string; attempt_log: unknown[] }[]) => {
          const logs = new Map(deliveries.map(({ id, attempt_log }) => [id, attempt_log]))
          expect(logs.get(never.id)).toEqual([])
          expect(logs.get(once.id)).toEqual([{ ...attempt, at: START }])
          const times = (logs.get(often.id) as { at: number }[]).map(({ at }) => at)
          expect(times).toEqual(Array.from({ length: 20 }, (_, n) => START + (n + 5) * 7_200_000))
        }
        check((await store.listDeliveries({ limit: 10 })).items)
        check((await store.listEvents({ limit: 10 })).items.flatMap(({ deliveries }) => deliveries))
        check((await store.getEvent({ id: event.id }))?.deliveries ?? [])
        expect((await store.getDelivery({ id: often.id }))?.attempt_log).toHaveLength(25)
      })

      it('say when each is tried next: when it is due, or when its lane has rested; never once it has ended', async () => {
        const limited = { class: 'limited', status: 429, retry_after_ms: 90_000, message: 'later' } as const
        const [limited_id = '', behind = '', ended = '', retried = ''] = await put(
          { lane: 'url:a' },
          { lane: 'url:a' },
          { lane: 'url:b' },
          { lane: 'url:c' },
        )
        const { claimed } = await advance()
        const parts = { [limited_id]: limited, [ended]: {}, [retried]: ambiguous }
        await advance({ finished: claimed.map((claim) => result(claim, parts[claim.id])), capacity: 0 })
        const { items } = await store.listDeliveries({ limit: 10 })
        const next = new Map(items.map(({ id, next_attempt_at }) => [id, next_attempt_at]))
        expect(next.get(limited_id)).toBe(now + 90_000)
        expect(next.get(behind)).toBe(now + 90_000)
        expect(next.get(ended)).toBeNull()
        expect(next.get(retried)).toBe(items.find(({ id }) => id === retried)?.due_at)
        for (const { id, next_attempt_at } of items)
          expect(await store.getDelivery({ id })).toMatchObject({ next_attempt_at })
      })
    })

    describe('upkeep', () => {
      it('deletes what is past keeping and nothing else', async () => {
        const [gone = '', kept = ''] = await put({ lane: 'url:a' }, { lane: 'url:b' })
        const { claimed } = await advance()
        await advance({ finished: claimed.filter(({ id }) => id === gone).map((claim) => result(claim)) })
        const bounds = { succeeded_ms: 0, failed_ms: 0, now: now + 1 }
        while ((await store.sweep(bounds)) > 0);
        expect(await store.getDelivery({ id: gone })).toBeNull()
        expect(await statusOf(kept)).toBe('delivering')
        expect((await store.listEvents({ limit: 10 })).items).toHaveLength(1)
      })

      it('keeps an event with the last of its deliveries, and one that matched nothing as long as a success', async () => {
        const lanes = [storedDelivery({ lane: 'url:a' }), storedDelivery({ lane: 'url:b' })]
        const half = storedEvent({ deliveries: lanes })
        const unmatched = storedEvent()
        const young = storedEvent({ received_at: now + 1 })
        await store.accept({ now, events: [half, unmatched, young] })
        const { claimed } = await advance()
        const finished = claimed.map((claim) =>
          result(claim, claim.lane === 'url:a' ? {} : { class: 'permanent', status: 422 }),
        )
        await advance({ finished })
        const kept = async () => (await store.listEvents({ limit: 10 })).items.map(({ id }) => id)
        const sweepAll = async (failed_ms: number) => {
          const bounds = { succeeded_ms: 0, failed_ms, now: now + 1 }
          while ((await store.sweep(bounds)) > 0);
        }
        await sweepAll(1)
        expect(await kept()).toEqual([young.id, half.id])
        await sweepAll(0)
        expect(await kept()).toEqual([young.id])
      })

      it('counts what is unfinished, up to a bound', async () => {
        await put({}, {}, {})
        expect(await store.backlog({ most: 10 })).toBe(3)
        expect(await store.backlog({ most: 2 })).toBe(2)
      })

      it('moves waiting deliveries to another lane when an identity is learned', async () => {
        const [id] = await put({ lane: 'github-connection:h:main' })
        await store.renameLane({ from: 'github-connection:h:main', to: 'github-user:h:octo', now })
        expect((await advance()).claimed).toMatchObject([{ id, lane: 'github-user:h:octo' }])
      })

      it('takes what comes under a former name of a lane into the lane: one identity has one pace', async () => {
        const former = 'github-connection:h:main'
        const present = 'github-user:h:octo'
        await put({ lane: former })
        await store.renameLane({ from: former, to: 'github-user:h:mona', now })
        await store.renameLane({ from: 'github-user:h:mona', to: present, now })
        const [later] = await put({ lane: former })
        const claim = await claimOne()
        expect(claim.lane).toBe(present)
        now += 1_000
        expect((await advance()).claimed).toEqual([])
        const { claimed } = await advance({ finished: [result(claim)] })
        expect(claimed).toMatchObject([{ id: later, lane: present }])
      })

      it('names the lanes in which a cancel lets the next of a subject go', async () => {
        const subject = 'c'.repeat(32)
        const [one = '', two] = await put(
          { subject, lane: 'url:a', supersede: 'never' },
          { subject, lane: 'url:b', supersede: 'never' },
        )
        await advance({ finished: [result(await claimOne(), ambiguous)] })
        const canceled = await store.cancel({ id: one, now })
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
          now += 1_000
        }
        await store.renameLane({ from: 'github-connection:h:main', to: 'github-user:h:octo', now })
        const again = { filter: { status: 'failed' as const }, force: false, after: 0, limit: 1, now }
        expect(await store.redeliver({ id: one, force: false, now })).toMatchObject({ outcome: 'queued' })
        expect(await store.redeliverMany(again)).toMatchObject({ queued: 1 })
        const { items } = await store.listDeliveries({ limit: 10 })
        expect(items.map(({ id }) => id)).toEqual([two, one])
        // One identity, one request at a time.
        expect((await advance()).claimed).toMatchObject([{ id: one, lane: 'github-user:h:octo' }])
        expect((await advance()).claimed).toEqual([])
      })

      it('finds lanes whose alarm was lost', async () => {
        const subject = 'c'.repeat(32)
        const [one = ''] = await put({ subject, lane: 'url:a', supersede: 'waiting' })
        await advance({ finished: [result(await claimOne(), { class: 'permanent', status: 404 })] })
        await put({ lane: 'url:a' })
        now += 1_000
        await claimOne()
        await put({ subject, lane: 'url:b', supersede: 'never' })
        await store.redeliver({ id: one, force: false, now })
        expect((await advance()).claimed).toEqual([])
        await put({ subject, lane: 'url:c', supersede: 'never' })
        expect(await store.wakeLanes({ now: now + 1 })).toBe(1)
        expect((await advance({ now: now + 1 })).claimed).toMatchObject([{ lane: 'url:b' }])
        expect(await store.wakeLanes({ now: now + 1 })).toBe(0)
      })
    })
  })
}
