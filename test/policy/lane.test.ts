import { describe, expect, it } from 'vitest'
import { FRESH_LANE, laneAfter, type LaneState } from '../../receiver/policy/lane.ts'
import type { Observation } from '../../receiver/policy/attempt.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const START = 1_800_000_000_000

function seen(kind: Observation['class'], retry_after_ms: number | null = null, subject = 's'): Observation {
  return { class: kind, retry_after_ms, message: kind, subject }
}

/** How long the lane rests, each time that it is tried when its rest is over and meets the same again, in ms. */
function rests(observations: readonly Observation[], random = 0, from: LaneState = FRESH_LANE): number[] {
  let lane = from
  let now = START
  return observations.map((observation) => {
    lane = laneAfter(lane, observation, now, random)
    const rest = Math.max(0, lane.paused_until - now)
    now += rest
    return rest
  })
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)

describe('a lane that is limited', () => {
  it('rests as long as it is told', () => {
    expect(rests([seen('limited', 7 * SECOND)])).toEqual([7 * SECOND])
  })

  it('rests a minute, then doubling, where it is told no time', () => {
    expect(rests(times(4, seen('limited')))).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE])
  })

  it('does not ask every second for ever where a reset that is over is named again and again', () => {
    const [first, ...later] = rests(times(5, seen('limited', SECOND)))
    expect(first).toBe(SECOND)
    expect(later).toEqual([2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE])
  })

  it('rests longer than the doubling wait where it is told so', () => {
    expect(rests(times(2, seen('limited', 50 * MINUTE)))).toEqual([50 * MINUTE, 50 * MINUTE])
  })

  it('never rests for more than 65 minutes', () => {
    expect(Math.max(...rests(times(40, seen('limited', 65 * MINUTE)), 0.999_999))).toBe(65 * MINUTE)
    expect(Math.max(...rests(times(40, seen('limited')), 0.999_999))).toBeLessThanOrEqual(65 * MINUTE)
  })

  it('counts what was under way together as one', () => {
    let lane = laneAfter(FRESH_LANE, seen('limited', 30 * SECOND), START, 0)
    for (let late = 1; late < 20; late++) lane = laneAfter(lane, seen('limited', SECOND), START + late, 0)
    expect(lane).toMatchObject({ pauses: 1, paused_until: START + 30 * SECOND })
  })

  it('begins anew after a success', () => {
    const limited = seen('limited', SECOND)
    expect(rests([limited, limited, seen('success'), limited])).toEqual([SECOND, 2 * MINUTE, 0, SECOND])
  })
})

describe('a lane in which nobody gets through', () => {
  it('is probed after half a minute, then doubling up to five minutes', () => {
    const failures = Array.from({ length: 11 }, (_, i) => seen('ambiguous', null, `s${i % 2}`))
    const waits = [30, 60, 120, 240, 300, 300, 300].map((seconds) => seconds * SECOND)
    expect(rests(failures)).toEqual([0, 0, 0, 0, ...waits])
  })
})
