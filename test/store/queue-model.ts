import { FRESH_LANE, type LaneState, type LanePolicy } from '../../receiver/policy/lane.ts'
import { decide } from '../../receiver/policy/outcome.ts'
import { lostWait } from '../../receiver/policy/retry.ts'
import type { Claimed, DeliveryStatus, Finished, NewDelivery } from '../../receiver/store/records.ts'

/** A delivery as the model has it. */
export interface ModelDelivery extends NewDelivery {
  /** The place of its event. */
  place: number
  status: DeliveryStatus
  counted_attempts: number
  attempts: number
  due_at: number
  expires_at: number | null
  lease: string | null
  lease_until: number
}

/** Deliveries whose lease or time has run out. */
interface Overdue {
  lost: readonly ModelDelivery[]
  expired: readonly ModelDelivery[]
}

interface ModelLane extends LanePolicy {
  next_at: number
  state: LaneState
}

/**
 * What the queue promises, in the fewest words: every rule is read off the whole list of deliveries, with no kept heads,
 * wake times, indexes or transactions. The store must behave as this does; `docs/queue.md` explains it.
 */
export class QueueModel {
  readonly deliveries: ModelDelivery[] = []
  readonly lanes = new Map<string, ModelLane>()
  /** How far each slot has got. */
  private readonly passed = new Map<string, number>()
  private events = 0
  /** The present names of lanes that have been renamed, by the former ones. */
  readonly renamed = new Map<string, string>()

  /** Accepts an event and its deliveries. Returns its place. */
  accept(made: readonly NewDelivery[], now: number): number {
    this.events += 1
    for (const delivery of made) this.enqueue(delivery, this.events, now)
    return this.events
  }

  /** Accepts the same event again. Returns the deliveries that are not stale, null where none is left. */
  replay(made: readonly NewDelivery[], place: number, force: boolean, now: number): NewDelivery[] | null {
    for (const delivery of made) if (delivery.error === null) this.open(delivery)
    const kept = made.filter((delivery) => force || !this.isStaleReplay(delivery, place))
    if (kept.length === 0 && made.length > 0) return null
    this.events += 1
    for (const delivery of kept) this.enqueue(delivery, place, now)
    return kept
  }

  private open({ lane, policy }: NewDelivery): void {
    const known = this.lanes.get(lane) ?? { next_at: 0, state: FRESH_LANE }
    this.lanes.set(lane, { ...known, ...policy })
  }

  /** Whether a newer event of its slot has got through, or is on its way. */
  private isStaleReplay({ slot }: NewDelivery, place: number): boolean {
    return (this.passed.get(slot) ?? 0) > place || this.unfinishedOf(slot).some((it) => it.place > place)
  }

  private enqueue(made: NewDelivery, place: number, now: number): void {
    const { error, expires_after_ms } = made
    if (error === null) {
      this.supersede(made.slot, place)
      this.open(made)
    }
    this.deliveries.push({
      ...made,
      place,
      status: error === null ? 'pending' : 'failed',
      counted_attempts: 0,
      attempts: 0,
      due_at: now,
      expires_at: expires_after_ms === null ? null : now + expires_after_ms,
      lease: null,
      lease_until: 0,
    })
  }

  /** What lost its worker, and what has waited too long. */
  overdue(now: number): Overdue {
    return {
      lost: this.deliveries.filter((it) => it.status === 'delivering' && it.lease_until <= now),
      expired: this.deliveries.filter((it) => it.status === 'pending' && (it.expires_at ?? Infinity) <= now),
    }
  }

  /** Reclaims the lost and expires the others, but for what has changed meanwhile. */
  endOverdue({ lost, expired }: Overdue, now: number): void {
    for (const delivery of lost) if (delivery.status === 'delivering') this.reclaim(delivery, now)
    for (const delivery of expired) if (delivery.status === 'pending') delivery.status = 'expired'
  }

  /** A process that is alone reclaims all when it starts. Returns how many. */
  recover(now: number): number {
    const lost = this.deliveries.filter(({ status }) => status === 'delivering')
    for (const delivery of lost) this.reclaim(delivery, now)
    return lost.length
  }

  /** The attempt counts, since it may have arrived. */
  private reclaim(delivery: ModelDelivery, now: number): void {
    delivery.lease = null
    delivery.counted_attempts += 1
    delivery.attempts += 1
    const wait = lostWait(delivery.counted_attempts)
    delivery.status = wait === null ? 'failed' : 'pending'
    delivery.due_at = now + (wait ?? 0)
  }

  /** Returns what can be claimed now, in the order of acceptance. */
  claimable(now: number): ModelDelivery[] {
    return this.deliveries.filter((delivery) => (this.claimableAt(delivery) ?? Infinity) <= now)
  }

  /** Returns from when on a delivery can be claimed if nothing else happens before, Unix ms; null: not at all. */
  claimableAt(delivery: ModelDelivery): number | null {
    if (delivery.status !== 'pending' || !this.isHead(delivery)) return null
    const at = Math.max(delivery.due_at, this.blockedUntil(delivery.lane))
    return at < (delivery.expires_at ?? Infinity) ? at : null
  }

  /** Returns until when nothing of a lane can be claimed, whatever comes into it; Infinity: until an attempt ends. */
  blockedUntil(name: string): number {
    const { concurrency, next_at, state } = this.lane(name)
    const under_way = this.deliveries.filter(({ lane, status }) => lane === name && status === 'delivering')
    const slots = state.pause === null ? concurrency : 1
    return under_way.length < slots ? Math.max(next_at, state.paused_until) : Infinity
  }

  /** Only the first unfinished delivery of a subject may be tried, and only one at a time. */
  private isHead({ subject, ordered, id }: ModelDelivery): boolean {
    if (!ordered) return true
    const unfinished = this.deliveries
      .filter((delivery) => delivery.subject === subject && delivery.ordered && isUnfinished(delivery))
      .sort((a, b) => a.place - b.place)
    return !unfinished.some(({ status }) => status === 'delivering') && unfinished[0]?.id === id
  }

  /** Leases a delivery. */
  claim({ id, lease }: Claimed, now: number, lease_ms: number): void {
    const delivery = this.find(id)
    delivery.status = 'delivering'
    delivery.lease = lease
    delivery.lease_until = now + lease_ms
    const lane = this.lane(delivery.lane)
    lane.next_at = now + lane.interval_ms
  }

  /** Returns what becomes of the delivery, or null where its lease is no longer valid. */
  finish(result: Finished, now: number): DeliveryStatus | null {
    const delivery = this.find(result.delivery_id)
    if (delivery.status !== 'delivering' || delivery.lease !== result.lease) return null
    const lane = this.lane(delivery.lane)
    const after = decide(result, {
      attempts: delivery.counted_attempts,
      lane: lane.state,
      now,
      random: result.random,
    })
    lane.state = after.lane
    const { outcome } = after
    delivery.status = outcome.status
    delivery.lease = null
    delivery.attempts += 1
    if (outcome.status !== 'pending' || outcome.counted) delivery.counted_attempts += 1
    if (outcome.status === 'pending') {
      delivery.due_at = outcome.due_at
      this.supersedeFailed(delivery.slot)
    }
    if (outcome.status === 'succeeded') this.pass(delivery)
    return outcome.status
  }

  /** What got through supersedes what waits before it, and makes it stale for ever. */
  private pass({ slot, place, ordered }: ModelDelivery): void {
    this.passed.set(slot, Math.max(place, this.passed.get(slot) ?? 0))
    if (!ordered) return
    for (const older of this.pendingOf(slot)) {
      if (older.ordered && older.place < place) older.status = 'superseded'
    }
  }

  /** Puts a finished delivery back into the queue, at its old place. */
  redeliver(id: string, force: boolean, now: number): 'queued' | 'stale' | 'unfinished' | 'no_target' {
    const delivery = this.find(id)
    if (isUnfinished(delivery)) return 'unfinished'
    if (delivery.lane === '') return 'no_target'
    if (!force && this.isStale(delivery)) return 'stale'
    delivery.status = 'pending'
    delivery.counted_attempts = 0
    delivery.due_at = now
    delivery.expires_at = delivery.expires_after_ms === null ? null : now + delivery.expires_after_ms
    delivery.lane = this.renamed.get(delivery.lane) ?? delivery.lane
    return 'queued'
  }

  /** Whether a newer event of its slot has got through, or may have. */
  private isStale({ slot, place }: ModelDelivery): boolean {
    if ((this.passed.get(slot) ?? 0) > place) return true
    return this.unfinishedOf(slot).some(
      (other) =>
        other.place > place && (other.status === 'delivering' || (other.attempts > 0 && this.isHead(other))),
    )
  }

  /** Ends a waiting delivery. */
  cancel(id: string): 'canceled' | 'kept' {
    const delivery = this.find(id)
    if (delivery.status !== 'pending') return 'kept'
    delivery.status = 'canceled'
    return 'canceled'
  }

  /** Lets two lane names be one, with one pace and the longer pause. */
  rename(from: string, to: string): void {
    const before = this.lanes.get(from)
    if (before === undefined) return
    const after = this.lanes.get(to) ?? { ...before }
    const isLonger = before.state.paused_until > after.state.paused_until
    const { pause, paused_until, pause_message, pauses } = before.state
    if (isLonger) after.state = { ...after.state, pause, paused_until, pause_message, pauses }
    after.next_at = Math.max(after.next_at, before.next_at)
    this.lanes.set(to, after)
    this.renamed.set(from, to)
    for (const delivery of this.deliveries) {
      if (delivery.lane === from && isUnfinished(delivery)) delivery.lane = to
    }
  }

  /** Returns when something happens next if nobody does anything; Infinity when nothing will. */
  nextAt(): number {
    const times = this.deliveries.flatMap((delivery) => {
      if (delivery.status === 'delivering') return [delivery.lease_until]
      if (delivery.status !== 'pending') return []
      return [this.claimableAt(delivery), delivery.expires_at].filter((time) => time !== null)
    })
    return Math.min(Infinity, ...times)
  }

  /** What failed is superseded by the newest unfinished delivery of its slot. */
  private supersedeFailed(slot: string): void {
    this.supersede(slot, Math.max(...this.unfinishedOf(slot).map(({ place }) => place)))
  }

  private supersede(slot: string, place: number): void {
    for (const older of this.pendingOf(slot)) {
      if (isReplaceable(older) && older.place < place) older.status = 'superseded'
    }
  }

  private unfinishedOf(name: string): ModelDelivery[] {
    return this.deliveries.filter((delivery) => delivery.slot === name && isUnfinished(delivery))
  }

  private pendingOf(name: string): ModelDelivery[] {
    return this.deliveries.filter(({ slot, status }) => slot === name && status === 'pending')
  }

  /** Returns the delivery with this id. */
  find(id: string): ModelDelivery {
    const found = this.deliveries.find((delivery) => delivery.id === id)
    if (found === undefined) throw new Error(`There is no delivery ${id}.`)
    return found
  }

  private lane(name: string): ModelLane {
    const found = this.lanes.get(name)
    if (found === undefined) throw new Error(`There is no lane ${name}.`)
    return found
  }
}

const isUnfinished = ({ status }: ModelDelivery) => status === 'pending' || status === 'delivering'

const isReplaceable = ({ supersede, counted_attempts }: ModelDelivery) =>
  supersede === 'waiting' || (supersede === 'retrying' && counted_attempts > 0)
