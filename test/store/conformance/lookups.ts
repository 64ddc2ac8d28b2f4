import { describe, expect, it } from 'vitest'
import type { ModelEvent } from '../../../src/contract/model-event.ts'
import { jsonText } from '../../../receiver/store/json-text.ts'
import type { AdvanceLookups, SettledLookup, TakenLookup } from '../../../receiver/store/lookup-records.ts'
import type { NewDelivery, NewEvent } from '../../../receiver/store/records.ts'
import { storedDelivery, storedEvent } from '../../support/events.ts'
import type { TestedStore } from './tested-store.ts'

const LOOKUP = { required: false, give_up_ms: 60_000, force: false }

/** Events that are matched once their registry was asked. */
export function describeLookups(tested: TestedStore): void {
  const { put, advance, result, claimOne } = tested

  /** Accepts events that wait for a look-up, one after the other. */
  async function wait(...events: Partial<NewEvent>[]): Promise<void> {
    for (const parts of events) {
      const event = storedEvent({ home: 'resnet50', lookup: LOOKUP, ...parts })
      await tested.store.accept({ now: tested.now, events: [event] })
    }
  }
  const beat = (parts: Partial<AdvanceLookups> = {}) =>
    tested.store.advanceLookups({
      ...{ now: tested.now, settled: [], free: [{ source: 'wandb', count: 10 }], lease_ms: 30_000 },
      ...parts,
    })
  const taken = async () => (await beat()).taken
  const idsOf = (found: readonly TakenLookup[]) => found.map(({ event_id }) => event_id)
  const statusOf = async (id: string) => (await tested.store.getEvent({ id }))?.status

  function done(
    { event_id, lease }: TakenLookup,
    deliveries: NewDelivery[] = [],
    version = 'v1',
  ): SettledLookup {
    const event = jsonText({ id: event_id, change: { previous_version: null } } as ModelEvent)
    const status = deliveries.length > 0 ? 'matched' : 'unmatched'
    const holder = { key: 'production', version }
    return { event_id, lease, outcome: 'done', status, event, holder, deliveries }
  }

  describe('look-ups', () => {
    it('are taken one at a time per model, in the order of acceptance', async () => {
      await wait({ id: 'evt_a' }, { id: 'evt_b' }, { id: 'evt_other', home: 'vgg16' }, { id: 'evt_c' })
      const first = await taken()
      expect(idsOf(first).sort()).toEqual(['evt_a', 'evt_other'])
      expect(await taken()).toEqual([])
      const [a] = first.filter(({ event_id }) => event_id === 'evt_a')
      if (a === undefined) throw new Error('it was not taken')
      const next = await beat({ settled: [done(a)] })
      expect(next.settled).toEqual([{ outcome: 'done', status: 'unmatched', stale: [] }])
      expect(idsOf(next.taken)).toEqual(['evt_b'])
      expect([await statusOf('evt_a'), await statusOf('evt_b')]).toEqual(['unmatched', 'enriching'])
    })

    it('are never given to two at once', async () => {
      await wait(...Array.from({ length: 40 }, (_, n) => ({ id: `evt_n${n}`, home: `model-${n % 20}` })))
      const all = await Promise.all(Array.from({ length: 6 }, taken))
      // What one holds at that moment, the others leave out.
      const ids = idsOf([...all.flat(), ...(await taken()), ...(await taken())])
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.sort()).toEqual(Array.from({ length: 20 }, (_, n) => `evt_n${n}`).sort())
    })

    it('go to another process once a lease is over, and the late result is dropped', async () => {
      await wait({ id: 'evt_a' })
      const [lost] = await taken()
      tested.now += 30_000
      const [again] = await taken()
      if (lost === undefined || again === undefined) throw new Error('it was not taken')
      expect(again).toMatchObject({ event_id: 'evt_a', waited_ms: 30_000 })
      const deliveries = [storedDelivery()]
      expect((await beat({ settled: [done(lost, deliveries)] })).settled).toEqual([{ outcome: 'lost' }])
      expect(await statusOf('evt_a')).toBe('enriching')
      expect((await beat({ settled: [done(again, deliveries)] })).settled).toMatchObject([
        { outcome: 'done' },
      ])
      expect(await statusOf('evt_a')).toBe('matched')
      expect((await claimOne()).event_id).toBe('evt_a')
    })

    it('are put off with what went wrong, but never past the time when asking ends', async () => {
      await wait({ id: 'evt_a' })
      const [first] = await taken()
      if (first === undefined) throw new Error('it was not taken')
      const { event_id, lease } = first
      await beat({ settled: [{ event_id, lease, outcome: 'again', wait_ms: 5_000, error: 'busy' }] })
      tested.now += 4_999
      expect(await beat()).toMatchObject({ taken: [], wait_ms: 1 })
      tested.now += 1
      const [second] = await taken()
      expect(second).toMatchObject({ tries: 1, last_error: 'busy', overdue: false })
      if (second === undefined) throw new Error('it was not taken')
      await beat({
        settled: [{ event_id, lease: second.lease, outcome: 'again', wait_ms: 900_000, error: 'busy' }],
      })
      tested.now += 55_000
      // Whoever takes it need not know its source.
      expect((await beat({ free: [] })).taken).toMatchObject([{ event_id: 'evt_a', overdue: true }])
    })

    it('give events the places of their acceptance: the delivery of an older event goes first', async () => {
      const subject = 'b'.repeat(32)
      await wait({ id: 'evt_old' })
      const [old] = await taken()
      const [newer] = await put({ subject, supersede: 'never' })
      if (old === undefined) throw new Error('it was not taken')
      const older = storedDelivery({ subject, supersede: 'never' })
      await beat({ settled: [done(old, [older])] })
      const claim = await claimOne()
      expect(claim.id).toBe(older.id)
      await advance({ finished: [result(claim)], capacity: 0 })
      tested.now += 1_000
      expect((await claimOne()).id).toBe(newer)
    })

    it('make nothing of an event whose slot a newer one has got already', async () => {
      const subject = 'b'.repeat(32)
      await wait({ id: 'evt_old' })
      const [old] = await taken()
      await put({ subject })
      await advance({ finished: [result(await claimOne())], capacity: 0 })
      if (old === undefined) throw new Error('it was not taken')
      const late = storedDelivery({ subject })
      const { settled } = await beat({ settled: [done(old, [late])] })
      expect(settled).toEqual([{ outcome: 'done', status: 'stale', stale: [late.id] }])
      expect(await statusOf('evt_old')).toBe('stale')
    })

    it('note who holds an alias when its event is matched', async () => {
      await wait({ id: 'evt_a' }, { id: 'evt_b' })
      const [a] = await taken()
      if (a === undefined) throw new Error('it was not taken')
      const [b] = (await beat({ settled: [done(a, [], 'v1')] })).taken
      if (b === undefined) throw new Error('it was not taken')
      await beat({ settled: [done(b, [], 'v2')] })
      const { event } = (await tested.store.getEvent({ id: 'evt_b' })) ?? {}
      expect(JSON.parse(event ?? '{}')).toMatchObject({ change: { previous_version: 'v1' } })
    })
  })
}
