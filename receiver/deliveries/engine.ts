import type { Sender } from '../destinations/destination.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Claimed, Consequence, GivenUp } from '../store/records.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'
import { ATTEMPT_MS, makeAttempt, type Attempt } from './attempt.ts'
import { createLanesToLookAt } from './due-lanes.ts'
import { reasonOf } from '../observe/reason-of.ts'

/** A claim lasts so long by the store's clock, ms. */
export const LEASE_MS = 60_000
/** A claim this old is not sent any more: by the time it arrived, it might be someone else's. */
const STALE_CLAIM_MS = LEASE_MS - 2 * ATTEMPT_MS
/** The safety net under wake-ups: nothing in the normal path waits for it. */
const SAFETY_POLL_MS = { sqlite: 30_000, postgres: 5_000 }
/** Wait before looking again at what another replica is looking at, ms. */
const TAKEN_MS = 20
/** Wait after the store failed, ms. */
const STORE_RETRY_MS = 250

export interface EngineOptions {
  store: Store
  /** The destinations of today's configuration. */
  senders: () => ReadonlyMap<string, Sender>
  clock: Clock
  log: Log
  /** Attempts at a time, over all lanes. */
  concurrency?: number
  random?: () => number
  /** Told what every attempt led to, once that is written. */
  onConsequence?: (attempt: Attempt, consequence: Consequence) => void
  /** Told of every delivery that ended without an attempt of ours: its time ran out, or its workers were lost. */
  onGivenUp?: (delivery: GivenUp) => void
}

export interface Engine {
  start(): void
  /** Something was put into these lanes: looks as soon as they can be claimed from. Without lanes: looks everywhere. */
  wake(lanes?: readonly string[]): void
  /**
   * Asks for no more claims, waits up to `grace_ms` for attempts under way, those just claimed too, and writes their
   * results; as long again where the store cannot take them.
   */
  stop(grace_ms: number): Promise<void>
  /** Whether the last look into the store succeeded. */
  healthy(): boolean
}

/**
 * Claims what is due, tries it, writes what came of it. Woken by accepts and results; a timer only where the
 * store says that something falls due by itself.
 */
export function createEngine(options: EngineOptions): Engine {
  const { store, senders, clock, log, concurrency = 64, random = Math.random } = options
  const context = { senders, clock, log, random }
  /** By lease: one delivery may be claimed again before an older attempt at it has ended. */
  const under_way = new Map<string, Promise<void>>()
  const lanes = createLanesToLookAt(() => performance.now())
  let attempts: Attempt[] = []
  /** Results that could not be written for their own sake: kept apart, so that they hold up nobody else's. */
  let stuck: Attempt[] = []
  let timer: NodeJS.Timeout | null = null
  let timer_at = 0
  let looking: Promise<void> | null = null
  let again = false
  let state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  let healthy = true

  function wake(): void {
    if (state === 'new' || state === 'stopped') return
    again = true
    looking ??= look()
  }

  function callLanes(named: readonly string[]): void {
    if (lanes.call(named)) wake()
    else if (looking === null && state === 'running') sleep(lanes.next_ms())
  }

  /** Looks again in `ms` at the latest. */
  function sleep(ms: number): void {
    const at = performance.now() + ms
    if (timer !== null && at >= timer_at) return
    if (timer !== null) clearTimeout(timer)
    timer_at = at
    timer = setTimeout(wake, ms)
  }

  async function look(): Promise<void> {
    let wait = 0
    while (again) {
      again = false
      wait = await lookOnce()
    }
    looking = null
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (state === 'running') sleep(Math.min(wait, lanes.next_ms(), SAFETY_POLL_MS[store.engine]))
  }

  /** One heartbeat; gives how long to sleep, ms. */
  async function lookOnce(): Promise<number> {
    await writeOneByOne(stuck)
    const made = attempts
    attempts = []
    const called = lanes.take()
    const capacity = state === 'running' ? concurrency - under_way.size : 0
    const asked_at = performance.now()
    try {
      const { claimed, consequences, given_up, blocked_ms, missed, wait_ms } = await store.advance({
        now: clock.steady(),
        finished: made.map(({ finished }) => finished),
        capacity,
        lease_ms: LEASE_MS,
        lanes: called,
      })
      lanes.call(missed)
      lanes.rest(blocked_ms, new Set(attempts.map(({ claim }) => claim.lane)))
      for (const claim of claimed) begin(claim, asked_at)
      made.forEach((attempt, i) => {
        const consequence = consequences[i]
        if (consequence !== undefined) follow(attempt, consequence)
      })
      tellGivenUp(given_up)
      if (!healthy) log.info('the store can be used again')
      healthy = true
      if (capacity === 0) return Infinity
      // Where nothing could be done about what is due, another replica is at it.
      const idle = claimed.length === 0 && made.length === 0
      const wait = Math.min(missed.length > 0 ? 0 : wait_ms, stuck.length > 0 ? STORE_RETRY_MS : Infinity)
      return idle && wait === 0 ? TAKEN_MS : wait
    } catch (error) {
      lanes.call(called)
      if (!(error instanceof StoreUnavailable) && made.length > 0) {
        stuck.push(...made)
        return 0
      }
      attempts = [...made, ...attempts]
      if (healthy) log.error({ reason: reasonOf(error) }, 'the store cannot be used: deliveries wait')
      healthy = false
      return STORE_RETRY_MS
    }
  }

  /** After a group of results failed for the sake of one: each on its own, for as long as its claim lasts. */
  async function writeOneByOne(made: readonly Attempt[]): Promise<void> {
    stuck = []
    for (const attempt of made) {
      const alone = {
        now: clock.steady(),
        finished: [attempt.finished],
        capacity: 0,
        lease_ms: LEASE_MS,
        lanes: [],
      }
      try {
        const { consequences, given_up } = await store.advance(alone)
        for (const consequence of consequences) follow(attempt, consequence)
        tellGivenUp(given_up)
      } catch (error) {
        if (performance.now() - attempt.made_at < LEASE_MS) stuck.push(attempt)
        const { id: delivery_id } = attempt.claim
        log.error({ delivery_id, reason: reasonOf(error) }, 'the result of an attempt cannot be written')
      }
    }
  }

  /**
   * Tries what was claimed, unless the claim is too old to be used. Its age counts from before it was asked for, since
   * the process may have been stopped before it read the answer.
   */
  function begin(claim: Claimed, asked_at: number): void {
    const isStale = performance.now() - asked_at > STALE_CLAIM_MS
    const work = (isStale ? Promise.resolve(null) : makeAttempt(claim, context)).then((made) => {
      under_way.delete(claim.lease)
      if (made !== null) attempts.push(made)
      lanes.rouse(claim.lane)
      wake()
    })
    under_way.set(claim.lease, work)
  }

  function follow(attempt: Attempt, consequence: Consequence): void {
    if (consequence.status === null) {
      log.warn({ delivery_id: attempt.claim.id }, 'claim lost meanwhile: the result is dropped')
    }
    tell(() => options.onConsequence?.(attempt, consequence))
  }

  function tellGivenUp(deliveries: readonly GivenUp[]): void {
    for (const { event: _event, ...delivery } of deliveries) log.warn(delivery, 'given up')
    for (const delivery of deliveries) tell(() => options.onGivenUp?.(delivery))
  }

  /** What listens must not stop the engine: the store has it already. */
  function tell(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'what follows a delivery failed')
    }
  }

  const written = async () => {
    wake()
    while (looking !== null) await looking
    return attempts.length + stuck.length === 0
  }

  return {
    start() {
      state = 'running'
      wake()
    },
    wake(named) {
      if (named === undefined || named.length === 0) wake()
      else callLanes(named)
    },
    async stop(grace_ms) {
      if (state === 'running') state = 'stopping'
      if (timer !== null) clearTimeout(timer)
      const attempted = async () => {
        // A look that was under way may still bring claims: they count as under way too.
        while (looking !== null) await looking
        await Promise.all(under_way.values())
      }
      await Promise.race([attempted(), pause(grace_ms)])
      const until = performance.now() + grace_ms
      const write = async () => {
        while (!(await written()) && performance.now() < until) await pause(STORE_RETRY_MS)
      }
      await Promise.race([write(), pause(grace_ms)])
      state = 'stopped'
      if (timer !== null) clearTimeout(timer)
    },
    healthy: () => healthy,
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())
