import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withTimeLimit } from '../../receiver/deliveries/time-limit.ts'

describe('work with a time limit', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('is told when its time is up, and why', async () => {
    const work = withTimeLimit(15_000, (signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as DOMException))
      })
    })
    const ended = expect(work).rejects.toMatchObject({ name: 'TimeoutError' })
    await vi.advanceTimersByTimeAsync(15_000)
    await ended
  })

  it.each([
    ['done', () => Promise.resolve('done')],
    ['broken', () => Promise.reject(new Error('broken'))],
  ])('leaves nothing behind once it is %s', async (outcome, work) => {
    await withTimeLimit(15_000, work).catch((error: unknown) => {
      expect(error).toMatchObject({ message: outcome })
    })
    expect(vi.getTimerCount()).toBe(0)
  })
})
