import type { Sender } from '../destinations/destination.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Advanced, Claimed, Consequence, GivenUp } from '../store/records.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'
import { ATTEMPT_MS, makeAttempt, type Attempt, type AttemptContext } from './attempt.ts'
import { createDueLanes } from './due-lanes.ts'
import { logSuperseded } from './log-superseded.ts'

/** How long a claim is valid, in ms of the store's clock. */
export const LEASE_MS = 60_000
/** A claim older than this, in ms, is not sent any more: by the time it arrived, it might be another worker's. */
const STALE_CLAIM_MS = LEASE_MS - 2 * ATTEMPT_MS
/** The safety net under wake-ups, in ms: nothing in the normal path waits for it. */
const SAFETY_POLL_MS = { sqlite: 30_000, postgres: 5_000 }
/** How long to wait, in ms, before looking again at what another replica is looking at. */
const TAKEN_MS = 20
/** How long to wait after the store failed, in ms. */
const STORE_RETRY_MS = 250

/** The means of an engine, and the listeners that are told what it does. */
export interface EngineOptions {
  store: Store
  /** The destinations of today's configuration. */
  senders: () => ReadonlyMap<string, Sender>
  clock: Clock
  log: Log
  /** The most attempts at a time, over all lanes. */
  concurrency?: number
  /** Uniform in [0, 1). */
  random?: () => number
  /** Told what every attempt led to, once that is written. */
  onConsequence?: (attempt: Attempt, consequence: Consequence) => void
  /** Told of every delivery that ended without an attempt of ours: its time ran out, or its workers were lost. */
  onGivenUp?: (delivery: GivenUp) => void
}

/** Tries the deliveries that are due. */
export interface Engine {
  /** Starts to claim and to try. */
  start(): void
  /**
   * Looks into these lanes as soon as something can be claimed from them, because something was put there. Without
   * lanes, looks everywhere.
   */
  wake(lanes?: readonly string[]): void
  /**
   * Asks for no more claims, waits up to `grace_ms` for the attempts under way (those just claimed too) and writes
   * their results; up to `grace_ms` more where the store cannot take them.
   */
  stop(grace_ms: number): Promise<void>
  /** Returns whether the last look into the store succeeded. */
  healthy(): boolean
}

/**
 * Returns an engine that claims what is due, tries it and writes what came of it. Accepts and results wake it; a timer
 * does only where the store says that something falls due by itself.
 */
export function createEngine(options: EngineOptions): Engine {
  const engine = new Heartbeat(options)
  return {
    start: () => {
      engine.start()
    },
    wake: (lanes) => {
      engine.wake(lanes)
    },
    stop: (grace_ms) => engine.stop(grace_ms),
    healthy: () => engine.healthy,
  }
}

class Heartbeat {
  healthy = true
  readonly #options: EngineOptions
  readonly #attempt: AttemptContext
  readonly #concurrency: number
  /** By lease: one delivery may be claimed again before an older attempt at it has ended. */
  readonly #under_way = new Map<string, Promise<void>>()
  readonly #lanes = createDueLanes(() => performance.now())
  #made: Attempt[] = []
  /** Results that could not be written for their own sake: kept apart, so that they hold up no others. */
  #stuck: Attempt[] = []
  #timer: NodeJS.Timeout | null = null
  #timer_at = 0
  #looking: Promise<void> | null = null
  #again = false
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'

  constructor(options: EngineOptions) {
    const { senders, clock, log, concurrency = 64, random = Math.random } = options
    this.#options = options
    this.#attempt = { senders, clock, log, random }
    this.#concurrency = concurrency
  }

  start(): void {
    this.#state = 'running'
    this.#look()
  }

  wake(lanes: readonly string[] = []): void {
    if (lanes.length === 0 || this.#lanes.add(lanes)) this.#look()
    else if (this.#looking === null && this.#state === 'running') this.#sleep(this.#lanes.next_ms())
  }

  async stop(grace_ms: number): Promise<void> {
    if (this.#state === 'running') this.#state = 'stopping'
    this.#clearTimer()
    const attempted = async () => {
      // A look that was under way may still bring claims: they count as under way too.
      while (this.#looking !== null) await this.#looking
      await Promise.all(this.#under_way.values())
    }
    await Promise.race([attempted(), pause(grace_ms)])
    const until = performance.now() + grace_ms
    const write = async () => {
      while (!(await this.#written()) && performance.now() < until) await pause(STORE_RETRY_MS)
    }
    await Promise.race([write(), pause(grace_ms)])
    this.#state = 'stopped'
    this.#clearTimer()
  }

  async #written(): Promise<boolean> {
    this.#look()
    while (this.#looking !== null) await this.#looking
    return this.#made.length + this.#stuck.length === 0
  }

  #look(): void {
    if (this.#state === 'new' || this.#state === 'stopped') return
    this.#again = true
    this.#looking ??= this.#lookUntilDone()
  }

  async #lookUntilDone(): Promise<void> {
    let wait = 0
    while (this.#again) {
      this.#again = false
      wait = await this.#lookOnce()
    }
    this.#looking = null
    this.#clearTimer()
    const poll_ms = SAFETY_POLL_MS[this.#options.store.engine]
    if (this.#state === 'running') this.#sleep(Math.min(wait, this.#lanes.next_ms(), poll_ms))
  }

  /** Looks again in `ms` at the latest. */
  #sleep(ms: number): void {
    const at = performance.now() + ms
    if (this.#timer !== null && at >= this.#timer_at) return
    this.#clearTimer()
    this.#timer_at = at
    this.#timer = setTimeout(() => {
      this.#look()
    }, ms)
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Runs one heartbeat: writes results, claims what is due. Returns how long to sleep, in ms. */
  async #lookOnce(): Promise<number> {
    await this.#writeOneByOne(this.#stuck)
    const made = this.#made
    this.#made = []
    const lanes = this.#lanes.take()
    const capacity = this.#state === 'running' ? this.#concurrency - this.#under_way.size : 0
    const asked_at = performance.now()
    try {
      const looked = await this.#advance({ made, capacity, lanes })
      const { claimed, blocked_ms, missed, wait_ms } = looked
      this.#lanes.add(missed)
      this.#lanes.pause(blocked_ms, new Set(this.#made.map(({ claim }) => claim.lane)))
      for (const claim of claimed) this.#begin(claim, asked_at)
      this.#follow(made, looked)
      if (!this.healthy) this.#options.log.info('the store can be used again')
      this.healthy = true
      if (capacity === 0) return Infinity
      // Where nothing could be done about what is due, another replica is at it.
      const idle = claimed.length === 0 && made.length === 0
      const stuck_ms = this.#stuck.length > 0 ? STORE_RETRY_MS : Infinity
      const wait = Math.min(missed.length > 0 ? 0 : wait_ms, stuck_ms)
      return idle && wait === 0 ? TAKEN_MS : wait
    } catch (error) {
      this.#lanes.add(lanes)
      return this.#keep(made, error)
    }
  }

  #advance(look: { made: readonly Attempt[]; capacity: number; lanes: readonly string[] }) {
    const { store, clock } = this.#options
    return store.advance({
      now: clock.steady(),
      finished: look.made.map(({ finished }) => finished),
      capacity: look.capacity,
      lease_ms: LEASE_MS,
      lanes: look.lanes,
    })
  }

  /** Keeps results that could not be written. Returns how long to sleep, in ms. */
  #keep(made: Attempt[], error: unknown): number {
    if (!(error instanceof StoreUnavailable) && made.length > 0) {
      this.#stuck.push(...made)
      return 0
    }
    this.#made = [...made, ...this.#made]
    if (this.healthy) {
      this.#options.log.error({ reason: reasonOf(error) }, 'the store cannot be used: deliveries wait')
    }
    this.healthy = false
    return STORE_RETRY_MS
  }

  /** Writes results one by one, each for as long as its claim is valid: a group of them failed for the sake of one. */
  async #writeOneByOne(made: readonly Attempt[]): Promise<void> {
    this.#stuck = []
    for (const attempt of made) {
      try {
        this.#follow([attempt], await this.#advance({ made: [attempt], capacity: 0, lanes: [] }))
      } catch (error) {
        if (performance.now() - attempt.made_at < LEASE_MS) this.#stuck.push(attempt)
        const { id: delivery_id } = attempt.claim
        const reason = reasonOf(error)
        this.#options.log.error({ delivery_id, reason }, 'the result of an attempt cannot be written')
      }
    }
  }

  /**
   * Tries what was claimed, unless the claim is too old to be used. Its age counts from before it was asked for, since
   * the process may have been stopped before it read the answer.
   */
  #begin(claim: Claimed, asked_at: number): void {
    const isStale = performance.now() - asked_at > STALE_CLAIM_MS
    const work = (isStale ? Promise.resolve(null) : makeAttempt(claim, this.#attempt)).then((made) => {
      this.#under_way.delete(claim.lease)
      if (made !== null) this.#made.push(made)
      this.#lanes.wake(claim.lane)
      this.#look()
    })
    this.#under_way.set(claim.lease, work)
  }

  /** Tells what a heartbeat has written. */
  #follow(made: readonly Attempt[], { consequences, given_up, superseded }: Advanced): void {
    this.#followAttempts(made, consequences)
    this.#tellGivenUp(given_up)
    logSuperseded(this.#options.log, superseded)
  }

  #followAttempts(made: readonly Attempt[], consequences: readonly Consequence[]): void {
    const { log, onConsequence } = this.#options
    made.forEach((attempt, i) => {
      const consequence = consequences[i]
      if (consequence === undefined) return
      if (consequence.status === null) {
        log.warn({ delivery_id: attempt.claim.id }, 'claim lost meanwhile: the result is dropped')
      }
      logLane(log, attempt, consequence)
      this.#tell(() => onConsequence?.(attempt, consequence))
    })
  }

  #tellGivenUp(deliveries: readonly GivenUp[]): void {
    const { log, onGivenUp } = this.#options
    for (const { event: _event, ...delivery } of deliveries) log.warn(delivery, 'given up')
    for (const delivery of deliveries) this.#tell(() => onGivenUp?.(delivery))
  }

  /** Calls a listener, which must not stop the engine: the store has it already. */
  #tell(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#options.log.error({ reason: reasonOf(error) }, 'what follows a delivery failed')
    }
  }
}

/** Logs that an attempt paused its lane, or ended its pause. */
function logLane(log: Log, { claim: { lane }, result }: Attempt, { paused, resumed }: Consequence): void {
  if (paused !== null) {
    const { reason: cause, until, message: reason } = paused
    log.warn({ lane, cause, until: new Date(until).toISOString(), reason, fix: result.fix }, 'lane paused')
  }
  if (resumed) log.info({ lane }, 'lane goes on')
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())
