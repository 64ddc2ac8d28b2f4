import { describe, expect, it } from 'vitest'
import { jsonText } from '../../../receiver/store/json-text.ts'
import { StoreUnavailable } from '../../../receiver/store/store.ts'
import { storedDelivery, storedEvent } from '../../support/events.ts'
import type { TestedStore } from './tested-store.ts'

/** What an accept promises. */
export function describeAccept(tested: TestedStore): void {
  describe('accept', () => {
    it('keeps the event, its raw bytes and its deliveries together', async () => {
      const delivery = storedDelivery()
      const event = storedEvent({ raw: Buffer.from([0x7b, 0x00, 0xff, 0x7d]), deliveries: [delivery] })
      const results = await tested.store.accept({ now: tested.now, events: [event] })
      expect(results).toEqual([{ outcome: 'accepted', event_id: event.id, repeat_of: null }])
      const stored = await tested.store.getEvent({ id: event.id })
      expect(Buffer.from(stored?.raw ?? [])).toEqual(Buffer.from([0x7b, 0x00, 0xff, 0x7d]))
      expect(stored?.deliveries.map(({ id }) => id)).toEqual([delivery.id])
    })

    it('keeps the text of an automation that comes along, once for however many events of a group', async () => {
      const { store, now } = tested
      const of = (id: string) => ({ id, automation: 'dispatches', spec: jsonText({ name: id }) })
      const event = (id: string) =>
        storedEvent({
          revision: of(id),
          deliveries: [storedDelivery({ revision: id, automation: 'dispatches' })],
        })
      const group = ['rev_b', 'rev_a', 'rev_b'].map(event)
      await store.accept({ now, events: group })
      await store.accept({ now, events: [event('rev_a')] })
      expect(await store.getRevision({ id: 'rev_a' })).toEqual(of('rev_a'))
      expect(await store.getRevision({ id: 'rev_b' })).toEqual(of('rev_b'))
      const stored = await store.getEvent({ id: group[0]?.id ?? '' })
      expect(stored?.deliveries.map(({ revision }) => revision)).toEqual(['rev_b'])
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
      await tested.store.accept({ now: tested.now, events: [first] })
      expect(await tested.store.accept({ now: tested.now, events: [second] })).toEqual([
        { outcome: 'duplicate', event_id: first.id },
      ])
      expect(await tested.store.accept({ now: tested.now + 1_000, events: [third] })).toMatchObject([
        { outcome: 'accepted' },
      ])
      expect(await tested.store.getEvent({ id: second.id })).toBeNull()
    })

    it('finds the event of a delivery by its source and id, until its window is over', async () => {
      const { store, now } = tested
      const identity = { rule: 'delivery', key: 'k', value: 'k', window_ms: 1_000, body_hash: null } as const
      const event = storedEvent({ identity })
      await store.accept({ now, events: [event] })
      const { source } = event
      expect(await store.storedDelivery({ source, key: 'k', now: now + 999 })).toBe(event.id)
      expect(await store.storedDelivery({ source, key: 'k', now: now + 1_000 })).toBeNull()
      expect(await store.storedDelivery({ source: 'another', key: 'k', now })).toBeNull()
      expect(await store.storedDelivery({ source, key: 'another', now })).toBeNull()
    })

    it('lets an equal body through again when another one came in between', async () => {
      const like = (value: string) =>
        storedEvent({ identity: { rule: 'last', key: 'm', value, window_ms: 10_000, body_hash: value } })
      const a = like('a')
      const events = [a, like('a'), like('b'), like('a')]
      const results = await tested.store.accept({ now: tested.now, events })
      expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate', 'accepted', 'accepted'])
      expect(results[3]).toMatchObject({ repeat_of: a.id })
      const again = await tested.store.accept({ now: tested.now, events: [like('a')] })
      expect(again).toEqual([{ outcome: 'duplicate', event_id: events[3]?.id }])
    })

    it('notes which event a later repeat repeats, and refuses it where the source wants that', async () => {
      const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 1, body_hash: 'x' } as const
      const first = storedEvent({ identity })
      await tested.store.accept({ now: tested.now, events: [first] })
      const later = storedEvent({ identity })
      const results = await tested.store.accept({ now: tested.now + 86_400_000, events: [later] })
      expect(results).toEqual([{ outcome: 'accepted', event_id: later.id, repeat_of: first.id }])
      expect(JSON.parse((await tested.store.getEvent({ id: later.id }))?.event ?? '')).toMatchObject({
        repeat_of: first.id,
      })
      const refused = storedEvent({ identity, refuse_repeats: true })
      expect(
        await tested.store.accept({ now: tested.now + 2 * 86_400_000, events: [refused] }),
      ).toMatchObject([{ outcome: 'duplicate', event_id: first.id }])
    })

    it('answers a repeat of a refused repeat with the event that is kept', async () => {
      const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 1_000, body_hash: 'x' } as const
      const first = storedEvent({ identity })
      await tested.store.accept({ now: tested.now, events: [first] })
      const again = () => storedEvent({ identity, refuse_repeats: true })
      const known = { outcome: 'duplicate', event_id: first.id }
      const later = tested.now + 86_400_000
      expect(await tested.store.accept({ now: later, events: [again(), again()] })).toEqual([known, known])
      expect(await tested.store.accept({ now: later + 1, events: [again()] })).toEqual([known])
    })

    it('takes equal requests for two where repeats are not looked for, also side by side', async () => {
      const identity = { rule: 'last', key: 'm', value: 'x', window_ms: 0, body_hash: null } as const
      const events = [storedEvent({ identity }), storedEvent({ identity })]
      expect(await tested.store.accept({ now: tested.now, events })).toMatchObject([
        { outcome: 'accepted' },
        { outcome: 'accepted' },
      ])
    })

    it('tells an alias event which version held the alias before', async () => {
      const move = (version: string) => storedEvent({ holder: { key: 'resnet50:production', version } })
      const [v3, v4, v5] = [move('v3'), move('v4'), move('v5')]
      await tested.store.accept({ now: tested.now, events: [v3, v4] })
      await tested.store.accept({ now: tested.now, events: [v5] })
      const previous = await Promise.all(
        [v3, v4, v5].map(async ({ id }) => {
          const stored = await tested.store.getEvent({ id })
          return (JSON.parse(stored?.event ?? '') as { change: { previous_version: string } }).change
            .previous_version
        }),
      )
      expect(previous).toEqual([null, 'v3', 'v4'])
    })

    it('stores nothing that took longer than its sender waits', async () => {
      const event = storedEvent({ deliveries: [storedDelivery()] })
      await expect(tested.store.accept({ now: tested.now, events: [event], wait_ms: -1 })).rejects.toThrow(
        StoreUnavailable,
      )
      expect(await tested.store.getEvent({ id: event.id })).toBeNull()
      const again = await tested.store.accept({
        now: tested.now,
        events: [event],
        retry: true,
        wait_ms: 5_000,
      })
      expect(again).toMatchObject([{ outcome: 'accepted', event_id: event.id }])
    })

    it('stores nothing of a group in which one event is impossible', async () => {
      const known = storedEvent()
      await tested.store.accept({ now: tested.now, events: [known] })
      const good = storedEvent()
      await expect(
        tested.store.accept({ now: tested.now, events: [good, storedEvent({ id: known.id })] }),
      ).rejects.toThrow()
      expect(await tested.store.getEvent({ id: good.id })).toBeNull()
    })
  })
}
