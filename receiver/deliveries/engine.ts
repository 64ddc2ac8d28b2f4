import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { AutomationSpec } from '../automations/automation.ts'
import type { AttemptResult, DeliveryInput, Sender } from '../destinations/destination.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Claimed } from '../store/operations/claim.ts'
import type { Consequence, Finished } from '../store/operations/finish.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'
import { withTimeLimit } from './time-limit.ts'

/** A claim lasts so long by the store's clock, ms. */
const LEASE_MS = 60_000
/** One attempt in all, ms (GitHub itself cuts at 10 s). */
const ATTEMPT_MS = 15_000
/** A claim this old is not sent any more: by the time it arrived, it might be someone else's. */
const STALE_CLAIM_MS = LEASE_MS - 2 * ATTEMPT_MS
/** The safety net under wake-ups: nothing in the normal path waits for it. */
const SAFETY_POLL_MS = { sqlite: 30_000, postgres: 5_000 }
/** Wait before looking again at what another replica is looking at, ms. */
const TAKEN_MS = 20
/** A lane that rests is looked at no more often than this for what comes into it, ms: its rest may be cut short. */
const REST_MS = 1_000
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
}

/** An attempt that has been made. */
export interface Attempt {
  claim: Claimed
  result: AttemptResult
  finished: Finished
  /** When it ended, ms of `performance.now()`. */
  made_at: number
}

export interface Engine {
  start(): void
  /** Something was put into these lanes: looks as soon as they can be claimed from. Without lanes: looks everywhere. */
  wake(lanes?: readonly string[]): void
  /** Claims nothing more, waits up to `grace_ms` for attempts under way and writes their results. */
  stop(grace_ms: number): Promise<void>
  /** Whether the last look into the store succeeded. */
  healthy(): boolean
  /** Attempts under way. */
  busy(): number
}

/**
 * Claims what is due, tries it, writes what came of it. Woken by accepts and results; a timer only where the
 * store says that something falls due by itself.
 */
export function createEngine(options: EngineOptions): Engine {
  const { store, senders, clock, log, concurrency = 64, random = Math.random } = options
  const under_way = new Map<string, Promise<void>>()
  let attempts: Attempt[] = []
  /** Results that could not be written for their own sake: kept apart, so that they hold up nobody else's. */
  let stuck: Attempt[] = []
  /** Lanes that the next look must look at. */
  let lanes = new Set<string>()
  /** Those that it need not look at before their rest is over. */
  const resting = new Set<string>()
  /** Until when nothing can be claimed in a lane, ms of `performance.now()`. */
  const rests = new Map<string, number>()
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

  function wakeLanes(named: readonly string[]): void {
    let due = false
    for (const lane of named) {
      if (restOf(lane) > 0) resting.add(lane)
      else {
        lanes.add(lane)
        due = true
      }
    }
    if (due) wake()
    else if (looking === null && state === 'running') sleep(shortestRest())
  }

  const restOf = (lane: string) => Math.max(0, (rests.get(lane) ?? 0) - performance.now())
  const shortestRest = () => Math.min(...[...resting].map(restOf))

  function callRested(): void {
    for (const lane of resting) {
      if (restOf(lane) > 0) continue
      resting.delete(lane)
      lanes.add(lane)
    }
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
      wait = await advance()
    }
    looking = null
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (state === 'running') sleep(Math.min(wait, shortestRest(), SAFETY_POLL_MS[store.engine]))
  }

  /** One heartbeat; gives how long to sleep, ms. */
  async function advance(): Promise<number> {
    await writeOneByOne(stuck)
    const made = attempts
    callRested()
    const hinted = lanes
    attempts = []
    lanes = new Set()
    const capacity = state === 'running' ? concurrency - under_way.size : 0
    const asked_at = performance.now()
    try {
      const advanced = await store.advance({
        now: clock.steady(),
        finished: made.map(({ finished }) => finished),
        capacity,
        lease_ms: LEASE_MS,
        lanes: [...hinted],
      })
      const { claimed, consequences, missed, wait_ms } = advanced
      for (const lane of missed) lanes.add(lane)
      noteRests(advanced.rests)
      for (const claim of claimed) begin(claim, asked_at)
      made.forEach((attempt, i) => {
        const consequence = consequences[i]
        if (consequence !== undefined) follow(attempt, consequence)
      })
      if (!healthy) log.info('the store can be used again')
      healthy = true
      if (capacity === 0) return Infinity
      // Where nothing could be done about what is due, another replica is at it.
      const idle = claimed.length === 0 && made.length === 0
      const wait = Math.min(missed.length > 0 ? 0 : wait_ms, stuck.length > 0 ? STORE_RETRY_MS : Infinity)
      return idle && wait === 0 ? TAKEN_MS : wait
    } catch (error) {
      lanes = new Set([...hinted, ...lanes])
      if (!(error instanceof StoreUnavailable) && made.length > 0) {
        stuck.push(...made)
        return 0
      }
      attempts = [...made, ...attempts]
      if (healthy) log.error({ err: describe(error) }, 'the store cannot be used: deliveries wait')
      healthy = false
      return STORE_RETRY_MS
    }
  }

  /** What a look found; where an attempt has ended since then, that is out of date. */
  function noteRests(found: ReadonlyMap<string, number>): void {
    const now = performance.now()
    for (const [lane, until] of rests) if (until <= now) rests.delete(lane)
    const ended = new Set(attempts.map(({ claim }) => claim.lane))
    for (const [lane, ms] of found) {
      if (ms > 0 && !ended.has(lane)) rests.set(lane, now + Math.min(ms, REST_MS))
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
        const { consequences } = await store.advance(alone)
        for (const consequence of consequences) follow(attempt, consequence)
      } catch (error) {
        if (performance.now() - attempt.made_at < LEASE_MS) stuck.push(attempt)
        const { id: delivery_id } = attempt.claim
        log.error({ delivery_id, reason: describe(error) }, 'the result of an attempt cannot be written')
      }
    }
  }

  function begin(claim: Claimed, asked_at: number): void {
    const work = attempt(claim, asked_at).then((result) => {
      under_way.delete(claim.id)
      if (result !== null) attempts.push(result)
      rests.delete(claim.lane)
      lanes.add(claim.lane)
      wake()
    })
    under_way.set(claim.id, work)
  }

  /**
   * One try of a claimed delivery. Never throws. Null: the claim was too old to be used. Its age counts from before it
   * was asked for, since the process may have been stopped before it read the answer.
   */
  async function attempt(claim: Claimed, asked_at: number): Promise<Attempt | null> {
    const at = clock.wall()
    const began = performance.now()
    if (began - asked_at > STALE_CLAIM_MS) return null
    const result = await send(claim)
    const duration_ms = Math.round(performance.now() - began)
    const level = result.class === 'success' ? 'info' : 'warn'
    log[level](
      {
        event_id: claim.event_id,
        delivery_id: claim.id,
        automation: claim.automation,
        destination: claim.type,
        target: claim.target,
        lane: claim.lane,
        attempt: claim.attempts + 1,
        class: result.class,
        status: result.status,
        duration_ms,
        ...(result.message === '' ? {} : { reason: result.message, fix: result.fix }),
      },
      'attempt',
    )
    const { request, ...seen } = result
    const { id: delivery_id, lane, subject, lease } = claim
    const finished = { ...seen, delivery_id, lane, subject, lease, at, duration_ms, random: random() }
    const made_at = began + duration_ms
    return { claim, result, finished: { ...finished, request: JSON.stringify(request) }, made_at }
  }

  function follow(attempt: Attempt, consequence: Consequence): void {
    if (consequence.status === null) {
      log.warn({ delivery_id: attempt.claim.id }, 'claim lost meanwhile: the result is dropped')
    }
    options.onConsequence?.(attempt, consequence)
  }

  async function send(claim: Claimed): Promise<AttemptResult> {
    const sender = senders().get(claim.type)
    if (sender === undefined) return broken(`no destination of type "${claim.type}" is available`)
    try {
      return await withTimeLimit(ATTEMPT_MS, (signal) => sender.send(toInput(claim), signal))
    } catch (error) {
      return broken(describe(error))
    }
  }

  return {
    start() {
      state = 'running'
      wake()
    },
    wake(named) {
      if (named === undefined || named.length === 0) wake()
      else wakeLanes(named)
    },
    async stop(grace_ms) {
      if (state === 'running') state = 'stopping'
      if (timer !== null) clearTimeout(timer)
      const grace = new Promise((resolve) => setTimeout(resolve, grace_ms).unref())
      await Promise.race([Promise.all(under_way.values()), grace])
      wake()
      while (looking !== null) await looking
      state = 'stopped'
      if (timer !== null) clearTimeout(timer)
    },
    healthy: () => healthy,
    busy: () => under_way.size,
  }
}

/** What the destination gets of a claimed delivery. */
function toInput(claim: Claimed): DeliveryInput {
  const spec = JSON.parse(claim.spec) as AutomationSpec
  return {
    delivery_id: claim.id,
    automation: claim.automation,
    event: JSON.parse(claim.event) as ModelEvent & JsonObject,
    flat: claim.context.flat,
    dispatch_type: claim.context.dispatch_type,
    subject_key: claim.subject,
    dedupe_key: claim.dedupe_key,
    settings: spec.destinations[claim.position],
  }
}

/** Our own fault: it can't get better by trying the same again. */
function broken(message: string): AttemptResult {
  return {
    class: 'permanent',
    status: null,
    message: `This delivery could not be made: ${message}.`,
    fix: 'Report this with the log line of this attempt, then redeliver it.',
    request: { method: '', url: '', body: '' },
    response: null,
    retry_after_ms: null,
  }
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error))
