import fc from 'fast-check'
import type { AttemptClass } from '../../receiver/policy/attempt.ts'
import type { NewEvent } from '../../receiver/store/records.ts'
import { storedEvent } from '../support/events.ts'

export const LANES = ['a', 'b', 'c'] as const
export const POLICIES = [
  { concurrency: 1, interval_ms: 0 },
  { concurrency: 1, interval_ms: 1_000 },
  { concurrency: 3, interval_ms: 0 },
] as const

const index = fc.nat(1_000)
const newDelivery = fc.record({
  /** The first two subjects have one slot each, the others three. */
  subject: fc.integer({ min: 0, max: 3 }),
  slot: fc.integer({ min: 1, max: 3 }),
  lane: fc.integer({ min: 0, max: LANES.length - 1 }),
  target: fc.constantFrom('acme/one', 'acme/two'),
  ordered: fc.boolean(),
  supersede: fc.constantFrom('never' as const, 'retrying' as const, 'waiting' as const),
  expires_after_ms: fc.option(fc.constantFrom(1_000, 100_000), { freq: 4 }),
  error: fc.option(fc.constant({ class: 'permanent', message: 'no', fix: 'yes' }), { freq: 12 }),
})
/** What an event leads to. */
const newEvent = fc.array(newDelivery, { minLength: 1, maxLength: 2 })
const attempt = fc.record({
  which: index,
  class: fc.constantFrom<AttemptClass>('success', 'permanent', 'limited', 'credentials', 'ambiguous'),
  retry_after_ms: fc.option(fc.constantFrom(0, 7_000), { freq: 3 }),
})
/** What can happen to a queue. Numbers named `which` are taken modulo what there is. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ accept: fc.array(newEvent, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ replay: index, deliveries: newEvent, force: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ advance: fc.array(attempt, { maxLength: 3 }), capacity: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({ wait: fc.constantFrom(1, 999, 1_000, 6_000, 61_000, 400_000, 10_000_000) }),
  },
  { weight: 2, arbitrary: fc.record({ redeliver: index, force: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ cancel: index }) },
  {
    weight: 1,
    arbitrary: fc.record({ rename: fc.constantFrom({ from: 'a', to: 'b' }, { from: 'c', to: 'd' }) }),
  },
  { weight: 1, arbitrary: fc.constant({ recover: true as const }) },
)
/** One of them. */
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never
export const happenings = fc.array(happening, { minLength: 20, maxLength: 60 })
const arrival = fc.record({
  after_ms: fc.constantFrom(0, 1, 1_000, 100_000),
  rule: fc.constantFrom('last' as const, 'delivery' as const),
  value: fc.constantFrom('x', 'y', 'z'),
  window_ms: fc.constantFrom(0, 1_000),
  hashed: fc.boolean(),
  refuse_repeats: fc.boolean(),
  holder: fc.constantFrom(null, 'resnet50:production', 'resnet50:staging'),
  version: fc.constantFrom(null, 'v3', 'v4'),
})
/** One of them. */
export type Arrival = typeof arrival extends fc.Arbitrary<infer T> ? T : never
/** Groups that are accepted one after the other. */
export const arrivals = fc.record({
  /** Whether the source names the model, and how long a request counts then. */
  home: fc.constantFrom(null, { window_ms: 0 }, { window_ms: 1_000 }),
  groups: fc.array(fc.array(arrival, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 20 }),
})
/** Groups, from one source. */
export type Arrivals = typeof arrivals extends fc.Arbitrary<infer T> ? T : never

/** Returns an arrival as an event. */
export function arrivedEvent(arrival: Arrival, home: Arrivals['home']): NewEvent {
  const { rule, value, window_ms, hashed, refuse_repeats, holder, version } = arrival
  const of_source = rule === 'last' ? home : null
  const identity = {
    rule,
    key: 'k',
    value,
    window_ms: of_source?.window_ms ?? window_ms,
    body_hash: hashed || of_source !== null ? value : null,
  }
  return storedEvent({
    identity,
    home: home === null ? null : 'k',
    refuse_repeats,
    holder: holder === null ? null : { key: holder, version },
  })
}

export type Wanted = typeof newDelivery extends fc.Arbitrary<infer T> ? T : never
export type AttemptParts = typeof attempt extends fc.Arbitrary<infer T> ? T : never
