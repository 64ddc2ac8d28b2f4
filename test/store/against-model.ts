import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Accepted, Claimed, Finished, NewDelivery, Superseded } from '../../receiver/store/records.ts'
import type { Store } from '../../receiver/store/store.ts'
import { finishedAttempt } from '../support/attempts.ts'
import { REVISION, storedDelivery, storedEvent } from '../support/events.ts'
import {
  arrivals,
  arrivedEvent,
  happenings,
  LANES,
  POLICIES,
  type Arrivals,
  type AttemptParts,
  type Happening,
  type Wanted,
} from './histories.ts'
import { LogModel } from './log-model.ts'
import { QueueModel, type ModelDelivery } from './queue-model.ts'
import type { StoreToClear } from './store-to-clear.ts'

const START = 1_800_000_000_000
const LEASE_MS = 60_000
/** How many random histories are tried; `MODEL_RUNS=3000` tries as many, however long that takes. */
const ASKED = process.env['MODEL_RUNS']
const RUNS = Number(ASKED ?? 150)
/** How long it may take at most, in ms, on a slow machine too; a failure is then told as short as it has become. */
const LIMIT_MS = ASKED === undefined ? 30_000 : 3_600_000
const TIMES = { timeout: 4 * LIMIT_MS }

/** Whatever happens in whatever order: the store must do as the model does. */
export function describeStoreAgainstModel(name: string, open: () => Promise<StoreToClear>): void {
  describe(`${name} store, whatever happens`, () => {
    it('claims, orders, supersedes and ends deliveries as the model says', TIMES, () =>
      whatever(open, happenings, doBoth),
    )

    it('knows what it has seen, and who held what, as the model says', TIMES, () =>
      whatever(open, arrivals, acceptInBoth),
    )
  })
}

/** Tries one store with many of these, empty before each. */
async function whatever<T>(
  open: () => Promise<StoreToClear>,
  many: fc.Arbitrary<T>,
  check: (store: Store, one: T) => Promise<void>,
): Promise<void> {
  const tested = await open()
  try {
    const property = fc.asyncProperty(many, async (one) => {
      await tested.clear()
      await check(tested.store, one)
    })
    await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS })
  } finally {
    await tested.close()
  }
}

async function doBoth(store: Store, all: readonly Happening[]): Promise<void> {
  const pair = new StoreBesideModel(store)
  await pair.begin()
  for (const one of all) await pair.go(one)
  await pair.drain()
}

async function acceptInBoth(store: Store, { home, groups }: Arrivals): Promise<void> {
  const model = new LogModel()
  let now = START
  const accepted: string[] = []
  for (const group of groups) {
    now += group[0]?.after_ms ?? 0
    const events = group.map((arrival) => arrivedEvent(arrival, home))
    const expected = events.map((event) => model.accept(event, now))
    const results = await store.accept({ now, events })
    expect(results).toEqual(expected)
    for (const { outcome, event_id } of results) if (outcome === 'accepted') accepted.push(event_id)
  }
  for (const id of accepted) {
    const { event } = (await store.getEvent({ id })) ?? { event: '{}' }
    const { change } = JSON.parse(event) as { change?: { previous_version: string | null } }
    expect(change?.previous_version, `what was before ${id}`).toBe(model.previous.get(id))
  }
}

/** Does everything to both, and compares. */
class StoreBesideModel {
  private readonly store: Store
  private readonly model = new QueueModel()
  private now = START
  /** Claims that have not come back, those that were taken over too. */
  private readonly claims: Claimed[] = []
  private hints: string[] = []
  private readonly events: { id: string; place: number }[] = []

  constructor(store: Store) {
    this.store = store
  }

  async begin(): Promise<void> {
    const revisions = [REVISION]
    await this.store.saveRevisions({ revisions, now: this.now })
  }

  async go(happening: Happening): Promise<void> {
    if ('accept' in happening) await this.accept(happening.accept)
    else if ('replay' in happening) await this.replay(happening.replay, happening.deliveries, happening.force)
    else if ('advance' in happening) await this.advance(happening.advance, happening.capacity)
    else if ('wait' in happening) this.now += happening.wait
    else if ('redeliver' in happening) await this.redeliver(happening.redeliver, happening.force)
    else if ('cancel' in happening) await this.cancel(happening.cancel)
    else if ('rename' in happening) await this.rename(happening.rename)
    else await this.recover()
    await this.compare()
  }

  private async accept(wanted: readonly (readonly Wanted[])[]): Promise<void> {
    const events = wanted.map((deliveries) => storedEvent({ deliveries: this.made(deliveries) }))
    const superseded = this.superseded()
    for (const { id, deliveries } of events) {
      this.events.push({ id, place: this.model.accept(deliveries, this.now) })
    }
    const results = await this.store.accept({ now: this.now, events })
    for (const accepted of results) {
      if (accepted.outcome === 'accepted') this.hints.push(...(accepted.lanes ?? []))
    }
    expect(toldBy(results)).toEqual(this.supersededSince(superseded))
  }

  private async replay(which: number, wanted: readonly Wanted[], force: boolean): Promise<void> {
    const replayed = this.events[which % Math.max(1, this.events.length)]
    if (replayed === undefined) return
    const deliveries = this.made(wanted, replayed.id).filter(({ error }) => error === null)
    const event = storedEvent({ replay: { of: replayed.id, force }, deliveries })
    const superseded = this.superseded()
    const kept = this.model.replay(deliveries, replayed.place, force, this.now)
    const results = await this.store.accept({ now: this.now, events: [event] })
    const [accepted] = results
    expect(toldBy(results)).toEqual(this.supersededSince(superseded))
    expect(accepted?.outcome).toBe(kept === null ? 'stale' : 'accepted')
    if (kept !== null) this.events.push({ id: event.id, place: replayed.place })
  }

  private made(wanted: readonly Wanted[], replay_of: string | null = null): NewDelivery[] {
    return wanted.map(({ subject, slot, lane, ...parts }) => {
      const name = LANES[lane] ?? 'a'
      const dead = parts.error !== null
      return storedDelivery({
        ...parts,
        replay_of,
        subject: hex(subject),
        slot: hex(subject < 2 ? subject : 16 * subject + slot),
        lane: dead ? '' : (this.model.renamed.get(name) ?? name),
        policy: POLICIES[lane] ?? POLICIES[0],
      })
    })
  }

  private async advance(attempts: readonly Partial<AttemptParts>[], capacity: number): Promise<void> {
    const finished = attempts.flatMap(({ which = 0, ...parts }): Finished[] => {
      const [claim] = this.claims.splice(which % Math.max(1, this.claims.length), 1)
      return claim === undefined ? [] : [finishedAttempt(claim, { at: this.now, ...parts })]
    })
    await this.look(finished, capacity)
  }

  private async look(finished: readonly Finished[], capacity: number): Promise<void> {
    const { now, model } = this
    const advanced = await this.store.advance({
      now,
      finished,
      capacity,
      lease_ms: LEASE_MS,
      lanes: this.hints,
    })
    const overdue = model.overdue(now)
    const superseded = this.superseded()
    const expected = finished.map((result) => model.finish(result, now))
    expect(advanced.consequences.map(({ status }) => status)).toEqual(expected)
    expect(idsOf(advanced.superseded), 'told as superseded').toEqual(this.supersededSince(superseded))
    model.endOverdue(overdue, now)
    for (const claim of advanced.claimed) {
      const claimable = model.claimable(now).map(({ id }) => id)
      expect(claimable, 'claimed what must wait').toContain(claim.id)
      model.claim(claim, now, LEASE_MS)
      this.claims.push(claim)
    }
    this.hints = advanced.missed
    if (advanced.claimed.length < capacity) {
      // What must expire first, and what nobody could look at, makes it come again at once.
      const expired = model.overdue(now).expired.map(({ lane }) => lane)
      const again = new Set([...expired, ...advanced.missed])
      const left = model.claimable(now).filter(({ lane }) => !again.has(lane))
      expect(left, 'left what could be claimed').toEqual([])
      for (const [lane, blocked_ms] of advanced.blocked_ms) {
        expect(blocked_ms, `how long ${lane} is blocked`).toBe(Math.max(0, model.blockedUntil(lane) - now))
      }
      if (again.size === 0) expect(advanced.wait_ms, 'comes again for nothing').toBeGreaterThan(0)
      expect(advanced.wait_ms, 'sleeps past something').toBeLessThanOrEqual(Math.max(0, model.nextAt() - now))
    }
  }

  private async redeliver(which: number, force: boolean): Promise<void> {
    const { deliveries } = this.model
    const delivery = deliveries[which % Math.max(1, deliveries.length)]
    if (delivery === undefined) return
    const put = await this.store.redeliver({ id: delivery.id, force, now: this.now })
    expect(put.outcome).toBe(this.model.redeliver(delivery.id, force, this.now))
    if (put.outcome === 'queued') this.hints.push(...put.lanes)
  }

  private async cancel(which: number): Promise<void> {
    const { deliveries } = this.model
    const delivery = deliveries[which % Math.max(1, deliveries.length)]
    if (delivery === undefined) return
    const canceled = await this.store.cancel({ id: delivery.id, now: this.now })
    expect(canceled.outcome).toBe(this.model.cancel(delivery.id))
    if (canceled.outcome === 'canceled') this.hints.push(...canceled.lanes)
  }

  private async rename(names: { from: string; to: string }): Promise<void> {
    await this.store.renameLane({ ...names, now: this.now })
    this.model.rename(names.from, names.to)
  }

  private async recover(): Promise<void> {
    const { reclaimed } = await this.store.recover({ now: this.now })
    expect(reclaimed).toBe(this.model.recover(this.now))
  }

  /** The ids of the superseded deliveries. */
  private superseded(): ReadonlySet<string> {
    const { deliveries } = this.model
    return new Set(deliveries.filter(({ status }) => status === 'superseded').map(({ id }) => id))
  }

  private supersededSince(before: ReadonlySet<string>): string[] {
    return [...this.superseded()].filter((id) => !before.has(id)).sort()
  }

  /** Every delivery is where the model has it. */
  private async compare(): Promise<void> {
    const { items } = await this.store.listDeliveries({ limit: 1_000 })
    expect(items.reverse().map(inShort)).toEqual(this.model.deliveries.map(inShort))
  }

  /** From now on all goes well: everything comes to an end, at the times that the store itself names. */
  async drain(): Promise<void> {
    const most = 20 * (this.model.deliveries.length + 5)
    for (let n = 0; n < most; n++) {
      const all = this.claims.splice(0).map((claim) => finishedAttempt(claim, { at: this.now }))
      await this.look(all, 100)
      const next = this.model.nextAt()
      if (next === Infinity && this.claims.length === 0) break
      if (this.claims.length === 0) this.now = Math.max(this.now, next)
    }
    await this.compare()
    const unfinished = this.model.deliveries.filter(({ status }) =>
      ['pending', 'delivering'].includes(status),
    )
    expect(unfinished).toEqual([])
  }
}

const idsOf = (superseded: readonly Superseded[]) => superseded.map(({ delivery_id }) => delivery_id).sort()

const toldBy = (results: readonly Accepted[]) =>
  idsOf(results.flatMap((result) => (result.outcome === 'accepted' ? (result.superseded ?? []) : [])))

const hex = (n: number) => n.toString(16).padStart(32, '0')

/** What both know of a delivery. When it is due matters only while it waits. */
function inShort({ id, status, counted_attempts, attempts, lane, due_at }: InShort): InShort {
  return { id, status, counted_attempts, attempts, lane, due_at: status === 'pending' ? due_at : 0 }
}

type InShort = Pick<ModelDelivery, 'id' | 'status' | 'counted_attempts' | 'attempts' | 'lane' | 'due_at'>
