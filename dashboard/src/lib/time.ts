import { useSyncExternalStore } from 'react'

/** How often the page says anew how long ago something was, in ms. */
const TICK_MS = 10_000
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const UNITS = [
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
] as const
/** The seconds after which a date says more than a number of days. */
const LONG_AGO = 30 * 86_400

let now = Date.now()

/** Returns the time, now and then anew: one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

const told = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

function subscribe(changed: () => void): () => void {
  if (told.size === 0) {
    now = Date.now()
    ticking = setInterval(() => {
      now = Date.now()
      for (const tell of told) tell()
    }, TICK_MS)
  }
  told.add(changed)
  return () => {
    told.delete(changed)
    if (told.size === 0) clearInterval(ticking)
  }
}

/** Returns how long ago a time was, or how far it is, both in Unix ms: "just now", "3 minutes ago", "in 2 hours". */
export function distanceOf(at: number, from: number): string {
  const seconds = Math.round((at - from) / 1_000)
  const length = Math.abs(seconds)
  if (length >= LONG_AGO) return DATE.format(at)
  if (length < 60) return seconds <= 20 ? 'just now' : RELATIVE.format(seconds, 'second')
  const [unit, size] = UNITS.findLast(([, each]) => length >= each) ?? UNITS[0]
  return RELATIVE.format(Math.round(seconds / size), unit)
}
