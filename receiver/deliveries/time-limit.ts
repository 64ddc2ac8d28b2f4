/**
 * Runs work with a signal that aborts after `ms`, as a `TimeoutError`, and lets go of it when the work ends. With
 * `AbortSignal.timeout` whatever listens to the signal stays in memory until the time is up: at a thousand requests a
 * second, fifteen thousand that ended long ago.
 */
export async function withTimeLimit<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => {
    limit.abort(new DOMException(`It took longer than ${ms} ms.`, 'TimeoutError'))
  }, ms)
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
  }
}
