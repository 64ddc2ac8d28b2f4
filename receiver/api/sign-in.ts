import type { Clock } from '../observe/clock.ts'

/** How many wrong tokens one address may send in a window. */
const MOST = 30
/** How long wrong tokens are counted, and how long an address is turned away, in ms. */
const WINDOW_MS = 60_000
/** The most addresses that are remembered at a time. */
const REMEMBERED = 10_000

/**
 * Counts wrong tokens by address. A right token is never turned away: behind a proxy that nobody has named, all clients
 * are one address. Tokens are kept from being guessed by their length; this keeps those who try out of the log.
 */
export interface SignIns {
  /**
   * Counts a wrong token. Returns 0 while its address may send more, else for how long it is turned away, in ms.
   */
  failed(address: string): number
  /** Returns how long this address is turned away, in ms; 0 where it is not. */
  blockedFor(address: string): number
}

/** Returns a counter in which nobody has failed yet. `onFailed` is told of every wrong token. */
export function createSignIns(clock: Pick<Clock, 'steady'>, onFailed: () => void): SignIns {
  const failures = new Map<string, { count: number; until: number }>()
  const found = (address: string) => {
    const entry = failures.get(networkOf(address))
    return entry === undefined || entry.until <= clock.steady() ? null : entry
  }
  const blockedFor = (address: string) => {
    const entry = found(address)
    return entry === null || entry.count < MOST ? 0 : entry.until - clock.steady()
  }
  return {
    blockedFor,
    failed(address) {
      onFailed()
      const blocked_ms = blockedFor(address)
      if (blocked_ms > 0) return blocked_ms
      const entry = found(address)
      const key = networkOf(address)
      failures.delete(key)
      failures.set(key, { count: (entry?.count ?? 0) + 1, until: clock.steady() + WINDOW_MS })
      const [oldest] = failures.keys()
      if (failures.size > REMEMBERED && oldest !== undefined) failures.delete(oldest)
      return 0
    },
  }
}

/** Returns an IPv4 address as it is and the first 64 bits of an IPv6 address: one host has all that begin so. */
function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter((part) => part !== '')
  const right = tail.split(':').filter((part) => part !== '')
  const zeros = address.includes('::')
    ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
    : []
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
