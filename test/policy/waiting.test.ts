import { describe, expect, it } from 'vitest'
import { waitingFor, type Waiting } from '../../receiver/policy/waiting.ts'

const NOW = 1_000_000

/** A delivery that is due in a lane that nothing keeps closed. */
function waiting(given: Partial<Waiting> = {}, lane: Partial<Waiting['lane']> = {}): Waiting {
  return {
    is_head: true,
    due_at: NOW,
    lane: { paused_until: 0, pause: null, pause_message: null, next_at: 0, ...lane },
    ...given,
  }
}

const pausedBy = (pause: 'limited' | 'credentials' | 'outage') => ({
  pause,
  pause_message: 'The server said so.',
  paused_until: NOW + 60_000,
})

describe('what a pending delivery waits for', () => {
  it('is an older delivery of its subject, whatever its lane does', () => {
    const found = waitingFor(waiting({ is_head: false }, pausedBy('limited')), NOW)
    expect(found).toEqual({ reason: 'An older delivery of its subject must end first.', until: null })
  })

  it.each([
    ['limited', /^Its lane is paused, since the server limits it\. The server said so\.$/],
    [
      'credentials',
      /since the credentials are refused\. Changed ones are tried at once\. The server said so\.$/,
    ],
    ['outage', /since no request gets through\. The server said so\.$/],
  ] as const)('is the pause of its lane: %s', (pause, reason) => {
    const found = waitingFor(waiting({}, pausedBy(pause)), NOW)
    expect(found.reason).toMatch(reason)
    expect(found.until).toBe(NOW + 60_000)
  })

  it('is its own retry where that is later than the pause', () => {
    expect(waitingFor(waiting({ due_at: NOW + 90_000 }, pausedBy('outage')), NOW).until).toBe(NOW + 90_000)
  })

  it('is its next attempt after one that did not succeed', () => {
    const found = waitingFor(waiting({ due_at: NOW + 5_000 }), NOW)
    expect(found).toEqual({
      reason: 'It is tried again after an attempt that did not succeed.',
      until: NOW + 5_000,
    })
  })

  it('is the pace of its lane', () => {
    const found = waitingFor(waiting({}, { next_at: NOW + 800 }), NOW)
    expect(found).toEqual({ reason: 'Its lane keeps a pace between requests.', until: NOW + 800 })
  })

  it('is its turn, where nothing else keeps it', () => {
    const turn = { reason: 'Other deliveries of its lane are before it.', until: null }
    expect(waitingFor(waiting(), NOW)).toEqual(turn)
    // A pause that is over counts for nothing, though the lane has not been used since.
    expect(waitingFor(waiting({}, { ...pausedBy('limited'), paused_until: NOW - 1 }), NOW)).toEqual(turn)
    expect(waitingFor(waiting({ lane: null }), NOW)).toEqual(turn)
  })
})
