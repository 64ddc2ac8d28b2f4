import { limitHeaders, realAnswer, type WireAnswer } from './real-answers.ts'

/**
 * GitHub's documented limits per identity (docs: rate limits for the REST API). Whether a dispatch counts as content
 * creation is not documented, hence the switch.
 */
export interface LimitSettings {
  enabled: boolean
  per_hour: number
  points_per_minute: number
  concurrent: number
  countDispatchAsContent: boolean
  content_per_minute: number
  content_per_hour: number
}

export const GITHUB_LIMITS: LimitSettings = {
  enabled: true,
  per_hour: 5000,
  points_per_minute: 900,
  concurrent: 100,
  countDispatchAsContent: false,
  content_per_minute: 80,
  content_per_hour: 500,
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** What one identity did, for tests to look at. */
export interface IdentityRecord {
  /** Arrival of every request that changes something, Unix time in ms. */
  writes: number[]
  in_flight: number
  most_in_flight: number
}

interface Usage extends IdentityRecord {
  window_start: number
  used: number
  points: { at: number; points: number }[]
  content: number[]
}

/** Counts requests by identity, as GitHub does. */
export class Limits {
  settings: LimitSettings
  readonly #usage = new Map<string, Usage>()

  constructor(settings: LimitSettings) {
    this.settings = settings
  }

  get identities(): ReadonlyMap<string, IdentityRecord> {
    return this.#usage
  }

  /** A request arrived. The answer says that it ended. */
  begin(identity: string, method: string, now: number): () => void {
    const usage = this.#of(identity, now)
    if (method !== 'GET') usage.writes.push(now)
    usage.in_flight += 1
    usage.most_in_flight = Math.max(usage.most_in_flight, usage.in_flight)
    return () => {
      usage.in_flight -= 1
    }
  }

  /** Counts the request and gives GitHub's refusal when it is one too many, else null. */
  refusal(
    identity: string,
    method: string,
    isDispatch: boolean,
    setting: { now: number; url: string },
  ): WireAnswer | null {
    const { now } = setting
    const { settings } = this
    if (!settings.enabled) return null
    const usage = this.#of(identity, now)
    this.#turnWindows(usage, now)
    if (usage.used >= settings.per_hour) {
      const answer = realAnswer('primary-limit-403', setting)
      return { ...answer, headers: { ...answer.headers, ...this.headers(identity, now) } }
    }
    usage.used += 1
    usage.points.push({ at: now, points: method === 'GET' ? 1 : 5 })
    if (isDispatch && settings.countDispatchAsContent) usage.content.push(now)
    return this.#isTooMuch(usage, now) ? realAnswer('secondary-limit-retry-after', setting) : null
  }

  /** The rate-limit headers of this identity; none where limits are off, as on GHES. */
  headers(identity: string, now: number): Record<string, string> {
    if (!this.settings.enabled) return {}
    const usage = this.#of(identity, now)
    const reset = Math.ceil((usage.window_start + HOUR) / 1000)
    return limitHeaders(now, this.settings.per_hour, Math.max(0, this.settings.per_hour - usage.used), reset)
  }

  #isTooMuch(usage: Usage, now: number): boolean {
    const points = usage.points.reduce((sum, entry) => sum + entry.points, 0)
    const lastMinute = usage.content.filter((at) => now - at < MINUTE).length
    return (
      points > this.settings.points_per_minute ||
      usage.in_flight > this.settings.concurrent ||
      lastMinute > this.settings.content_per_minute ||
      usage.content.length > this.settings.content_per_hour
    )
  }

  #turnWindows(usage: Usage, now: number): void {
    if (now - usage.window_start >= HOUR) {
      usage.window_start = now
      usage.used = 0
    }
    usage.points = usage.points.filter(({ at }) => now - at < MINUTE)
    usage.content = usage.content.filter((at) => now - at < HOUR)
  }

  #of(identity: string, now: number): Usage {
    const known = this.#usage.get(identity)
    if (known !== undefined) return known
    const usage: Usage = {
      writes: [],
      in_flight: 0,
      most_in_flight: 0,
      window_start: now,
      used: 0,
      points: [],
      content: [],
    }
    this.#usage.set(identity, usage)
    return usage
  }
}
