import { describe, expect, it } from 'vitest'
import type { Store } from '../../../receiver/store/store.ts'
import type { ModelEvent } from '../../../src/contract/model-event.ts'
import { jsonText } from '../../../receiver/store/json-text.ts'
import { storedDelivery, storedEvent } from '../../support/events.ts'
import { AMBIGUOUS, START, type TestedStore } from './tested-store.ts'

/** What lists show. */
export function describeLists(tested: TestedStore): void {
  const { put, advance, result } = tested

  describe('lists', () => {
    it('page through everything exactly once, newest first', async () => {
      const ids = await put(...Array.from({ length: 7 }, () => ({})))
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Awaited<ReturnType<Store['listDeliveries']>> = await tested.store.listDeliveries({
          limit: 3,
          ...(cursor === '' ? {} : { cursor }),
        })
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.next_cursor
      }
      expect(seen).toEqual(ids.reverse())
    })

    it('end a page of large events early, and go on after it', async () => {
      const text = 'x'.repeat(1_500_000)
      const events = Array.from({ length: 5 }, (_, n) => {
        const event = { id: `evt_large_${n}`, change: { previous_version: null }, metadata: { text } }
        return storedEvent({ id: event.id, event: jsonText(event as unknown as ModelEvent) })
      })
      for (const event of events) await tested.store.accept({ now: tested.now, events: [event] })
      const sizes: number[] = []
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Awaited<ReturnType<Store['listEvents']>> = await tested.store.listEvents({
          limit: 200,
          ...(cursor === '' ? {} : { cursor }),
        })
        sizes.push(page.items.length)
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.next_cursor
      }
      expect(sizes).toEqual([2, 2, 1])
      expect(seen).toEqual(events.map(({ id }) => id).reverse())
    })

    it('filter by what people ask for', async () => {
      const [id] = await put({ automation: 'evaluate', target: 'acme/eval' }, {})
      for (const filter of [{ automation: 'evaluate' }, { destination: 'acme/eval' }]) {
        const { items } = await tested.store.listDeliveries({ ...filter, limit: 10 })
        expect(items.map((item) => item.id)).toEqual([id])
      }
      const { items } = await tested.store.listEvents({ automation: 'evaluate', limit: 10 })
      expect(items.flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.id))).toEqual([id])
      expect((await tested.store.listDeliveries({ status: 'failed', limit: 10 })).items).toEqual([])
    })

    it('have the attempts of each delivery, the latest of very many, without request and response', async () => {
      const limited = { class: 'limited', status: 429, retry_after_ms: 1_000, message: 'later' } as const
      const often = storedDelivery({ lane: 'url:a' })
      const once = storedDelivery({ lane: 'url:b' })
      const nowhere = { class: 'permanent', message: 'no repository', fix: 'name one' } as const
      const never = storedDelivery({ lane: '', target: '', error: nowhere })
      const event = storedEvent({ deliveries: [often, once, never] })
      await tested.store.accept({ now: tested.now, events: [event] })
      for (let n = 0; n < 25; n++) {
        const { claimed } = await advance()
        const finished = claimed.map((claim) => result(claim, claim.id === often.id ? limited : {}))
        await advance({ finished, capacity: 0 })
        // Longer than any limit lasts, however often it is met.
        tested.now += 7_200_000
      }
      const attempt = { duration_ms: 5, status: 204, class: 'success', error: null }
      const check = (deliveries: readonly { id: string; attempt_log: unknown[] }[]) => {
        const logs = new Map(deliveries.map(({ id, attempt_log }) => [id, attempt_log]))
        expect(logs.get(never.id)).toEqual([])
        expect(logs.get(once.id)).toEqual([{ ...attempt, at: START }])
        const times = (logs.get(often.id) as { at: number }[]).map(({ at }) => at)
        expect(times).toEqual(Array.from({ length: 20 }, (_, n) => START + (n + 5) * 7_200_000))
      }
      check((await tested.store.listDeliveries({ limit: 10 })).items)
      check((await tested.store.listEvents({ limit: 10 })).items.flatMap(({ deliveries }) => deliveries))
      check((await tested.store.getEvent({ id: event.id }))?.deliveries ?? [])
      expect((await tested.store.getDelivery({ id: often.id }))?.attempt_log).toHaveLength(25)
    })

    it('say when each is tried next: when it is due, or when the pause of its lane is over; never once it has ended', async () => {
      const limited = { class: 'limited', status: 429, retry_after_ms: 90_000, message: 'later' } as const
      const [limited_id = '', behind = '', ended = '', retried = ''] = await put(
        { lane: 'url:a' },
        { lane: 'url:a' },
        { lane: 'url:b' },
        { lane: 'url:c' },
      )
      const { claimed } = await advance()
      const parts = { [limited_id]: limited, [ended]: {}, [retried]: AMBIGUOUS }
      await advance({ finished: claimed.map((claim) => result(claim, parts[claim.id])), capacity: 0 })
      const { items } = await tested.store.listDeliveries({ limit: 10 })
      const next = new Map(items.map(({ id, next_attempt_at }) => [id, next_attempt_at]))
      expect(next.get(limited_id)).toBe(tested.now + 90_000)
      expect(next.get(behind)).toBe(tested.now + 90_000)
      expect(next.get(ended)).toBeNull()
      expect(next.get(retried)).toBe(items.find(({ id }) => id === retried)?.due_at)
      for (const { id, next_attempt_at } of items)
        expect(await tested.store.getDelivery({ id })).toMatchObject({ next_attempt_at })
    })
  })
}
