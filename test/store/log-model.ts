import type { Accepted, NewEvent } from '../../receiver/store/records.ts'

/** What an accept promises beside the queue: who is seen again, who repeats whom, who held an alias before. */
export class LogModel {
  private readonly last = new Map<string, { value: string; event_id: string; until: number }>()
  private readonly bodies = new Map<string, string>()
  private readonly holders = new Map<string, string | null>()
  /** By event: what held its alias or stage before it, null where nothing did or it moves none. */
  readonly previous = new Map<string, string | null>()

  accept(event: NewEvent, now: number): Accepted {
    const { id, source, identity, holder, refuse_repeats } = event
    const key = `${source}:${identity.rule}:${identity.key}`
    const before = this.last.get(key)
    // A window that is shorter by now counts: a longer one may have been noted under a clock that was ahead.
    const isWithin = before !== undefined && before.until > now && before.until <= now + identity.window_ms
    if (before?.value === identity.value && isWithin) {
      return { outcome: 'duplicate', event_id: before.event_id }
    }
    const body = identity.body_hash === null ? null : `${source}:${identity.body_hash}`
    const repeated = body === null ? null : (this.bodies.get(body) ?? null)
    const isRefused = refuse_repeats && repeated !== null
    const event_id = isRefused ? repeated : id
    this.last.set(key, { value: identity.value, event_id, until: now + identity.window_ms })
    if (isRefused) return { outcome: 'duplicate', event_id }
    if (body !== null && repeated === null) this.bodies.set(body, id)
    this.previous.set(id, holder === null ? null : (this.holders.get(holder.key) ?? null))
    if (holder !== null) this.holders.set(holder.key, holder.version)
    return { outcome: 'accepted', event_id: id, repeat_of: repeated }
  }
}
