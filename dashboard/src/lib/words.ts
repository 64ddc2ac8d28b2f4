/** How the page names states, and how it shows times and lengths. */

/** The colour of a label; the word in it says the same. */
export type Tone = 'success' | 'danger' | 'attention' | 'accent' | 'secondary' | 'done'

const TONES: Readonly<Record<string, Tone>> = {
  succeeded: 'success',
  matched: 'success',
  failed: 'danger',
  lookup_failed: 'danger',
  expired: 'attention',
  stale: 'attention',
  pending: 'accent',
  enriching: 'accent',
  delivering: 'accent',
  superseded: 'secondary',
  canceled: 'secondary',
  unmatched: 'secondary',
}

/** Returns the colour of a status. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? 'secondary'
}

/** Returns a number with its noun: "1 delivery", "3 deliveries". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}

/** Returns a length of time in two words at most, like "3 min". */
export function lengthOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

/** Returns JSON as people read it. A body that is not JSON comes back as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2)
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}

/** Returns the address where it leads to a page on https and nothing else; null for anything that a payload made up. */
export function safeLink(url: string | null | undefined): string | null {
  if (url == null) return null
  try {
    const { protocol, href } = new URL(url)
    return protocol === 'https:' ? href : null
  } catch {
    return null
  }
}

/**
 * Returns the text with the characters that would hide or turn others around written out: controls, marks of direction,
 * and most of those without a width (joiners stay: scripts and emoji need them).
 */
export function visible(text: string): string {
  return text.replace(HIDING, (one) => `⟨U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
}

// eslint-disable-next-line no-control-regex -- Controls are what it looks for.
const HIDING = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Returns what an error says. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
