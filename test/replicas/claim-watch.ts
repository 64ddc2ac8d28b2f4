import type { Advance, Advanced, Claimed, Finished } from '../../receiver/store/records.ts'

interface Live {
  delivery: string
  lane: string
  /** Null where the deliveries of the subject need no order. */
  subject: string | null
  until: number
}

export interface ClaimRules {
  /** The store's time, ms. */
  now: () => number
  /** How long a claim lasts, ms. */
  lease_ms: number
  /** How many at a time by lane. */
  concurrency: Readonly<Record<string, number>>
  ordered: (subject: string) => boolean
}

/** Watches all claims of all replicas: no delivery and no subject has two live ones, no lane more than it allows. */
export class ClaimWatch {
  readonly violations = new Set<string>()
  /** Results that came after their claim had been taken over. */
  dropped = 0
  readonly #rules: ClaimRules
  readonly #live = new Map<string, Live>()

  constructor(rules: ClaimRules) {
    this.#rules = rules
  }

  /** These attempts are over, whatever becomes of their results. */
  ended(finished: readonly Finished[]): void {
    for (const { lease } of finished) this.#live.delete(lease)
  }

  /** An `advance` was committed. */
  saw({ now }: Advance, { claimed, consequences }: Advanced): void {
    this.dropped += consequences.filter(({ status }) => status === null).length
    for (const claim of claimed) this.#begin(claim, now + this.#rules.lease_ms)
  }

  #begin({ id, lease, lane, subject: name }: Claimed, until: number): void {
    const { now, concurrency, ordered } = this.#rules
    const subject = ordered(name) ? name : null
    const live = [...this.#live.values()].filter((other) => other.until > now())
    if (live.some(({ delivery }) => delivery === id)) this.violations.add('a delivery has two live claims')
    else if (subject !== null && live.some((other) => other.subject === subject))
      this.violations.add('a subject has two live claims')
    if (live.filter((other) => other.lane === lane).length >= (concurrency[lane] ?? 0))
      this.violations.add(`${lane} has more requests in flight than it allows`)
    this.#live.set(lease, { delivery: id, lane, subject, until })
  }
}
