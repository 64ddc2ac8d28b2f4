import { beforeAll, describe, expect, it } from 'vitest'
import { besideNoisy } from './figures.ts'
import type { Outcome } from './record.ts'
import { scenarioOf, type Scenario } from './scenario.ts'
import { simulate } from './simulation.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** An hour and a half of three teams: GitHub is away for six minutes, then one repository gets 250 events at once. */
const tiny = (parts: Partial<Scenario>): Scenario =>
  scenarioOf({
    events: 900,
    teams: 3,
    repositories: 60,
    duration_ms: 1.5 * HOUR,
    outage: { from_ms: 10 * MINUTE, to_ms: 16 * MINUTE },
    noisy: { events: 250, at_ms: 50 * MINUTE, within_ms: 10_000 },
    hiccups: 0,
    drain: true,
    ...parts,
  })

describe.each([
  { reading: 'lenient', supersede: 'retrying' },
  { reading: 'strict', supersede: 'waiting' },
] as const)('a small day in the $reading reading of the limits', ({ reading, supersede }) => {
  let outcome: Outcome
  beforeAll(async () => {
    outcome = await simulate(tiny({ reading, supersede }))
  })

  it('never exceeds a limit of GitHub', () => {
    expect(outcome.requests).toBeGreaterThan(600)
    expect(outcome.refused).toBe(0)
    expect(outcome.most_in_flight).toBe(1)
  })

  it('ends everything that was accepted as dispatched or superseded', () => {
    const { record, statuses } = outcome
    const [succeeded = 0, superseded = 0] = [statuses.get('succeeded'), statuses.get('superseded')]
    expect(record.accepted + record.duplicates).toBe(900)
    expect(succeeded + superseded).toBe(record.accepted)
    expect(succeeded).toBe(record.dispatched)
  })

  it('dispatches nothing after a newer one of its subject', () => {
    expect(outcome.record.out_of_order).toBe(0)
  })

  // First come, first served would let them wait for up to 250 paces.
  it('serves quiet repositories beside a noisy one within a few paces', () => {
    const { during } = besideNoisy(outcome)
    const pace_s = 1 / outcome.scenario.writes_per_second
    expect(during.deliveries).toBeGreaterThan(3)
    expect(during.p99).toBeLessThan(8 * pace_s)
  })

  it('spends no attempts on the outage beyond those that show it', () => {
    expect(Math.max(...outcome.record.attempts)).toBeLessThan(8)
    expect(outcome.statuses.get('failed')).toBeUndefined()
  })
})

describe('a pace that is too fast for the strict reading', () => {
  it('meets the limit, pauses as GitHub asks, and still ends everything', async () => {
    const outcome = await simulate(tiny({ reading: 'strict', writes_per_second: 1, teams: 1 }))
    expect(outcome.refused).toBeGreaterThan(0)
    expect(outcome.waiting.size).toBe(0)
    expect(outcome.statuses.get('failed')).toBeUndefined()
  })
})
