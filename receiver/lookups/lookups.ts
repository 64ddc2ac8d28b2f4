import type { ModelEvent } from '../../src/contract/model-event.ts'
import { createBoundedLog, type BoundedLog } from '../observe/bounded-log.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Outbound } from '../outbound/send.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { LookupTrouble } from '../sources/lookup.ts'
import { parse } from '../store/json-text.ts'
import type { AdvancedLookups, SettledStatus, TakenLookup } from '../store/lookup-records.ts'
import type { NewDelivery, Superseded } from '../store/records.ts'
import { AutomationsChanged, StoreUnavailable, type Store } from '../store/store.ts'
import { askAbout, type Said } from './ask-about.ts'
import { decide, failed, type Circumstances, type Finished } from './decide.ts'

/** How many events of one source are asked about at a time: what hangs must not keep the others waiting for long. */
const AT_ONCE = 32
/** How long all questions about one event may take, in ms. */
const ASK_MS = 10_000
/** How long an event is left to the process that asks about it, in ms: longer than it may ask. */
const LEASE_MS = 30_000
/** How often to look for what another replica left, in ms. */
const POLL_MS = 5_000
/** How long to wait for a store that is away, in ms. */
const STORE_AWAY_MS = 1_000
/** How long to wait before results are written again that were matched under other automations, in ms. */
const MATCH_AGAIN_MS = 50
/** How often results are written at the end at most, in case the store does not take them. */
const LAST_BEATS = 20
/** The most results in one transaction: accepting waits for it. */
const GROUP = 50

const OVERDUE = new LookupTrouble({
  message: 'the registry did not answer in time',
  fix: 'Look for the lines "look-up failed" before this one.',
})
const GONE = new LookupTrouble({
  message: 'the source is no longer configured',
  fix: 'Configure it again, then replay the event.',
})

/** An event whose look-up is over. */
export interface Released {
  event: ModelEvent
  status: SettledStatus
  /** The look-ups that were made. */
  deliveries: readonly NewDelivery[]
}

/** The means of look-ups. */
export interface LookupsOptions {
  store: Pick<Store, 'advanceLookups'>
  runtime: () => Runtime
  /** Puts in force what other replicas have changed of the automations. */
  automations: { refresh(): Promise<void> }
  outbound: Outbound
  clock: Clock
  log: Log
  match: Circumstances['match']
  /** Hears of events whose look-up is over, and of the lanes to look at. */
  onReleased: (released: readonly Released[], more: { lanes: string[]; superseded: Superseded[] }) => void
  /** How long all questions about one event may take, in ms. @default 10 s */
  ask_ms?: number
}

/** Asks registries about accepted events, and lets them on in the order of acceptance per model. */
export interface Lookups {
  /** Looks for events at once: one was accepted. */
  wake(): void
  /** Ends: questions under way are given up, and their events left to the next process. */
  stop(): Promise<void>
}

/** Returns what asks registries, at rest until it is woken. */
export function createLookups(options: LookupsOptions): Lookups {
  const worker = new Worker(options)
  return {
    wake: () => {
      worker.wake()
    },
    stop: () => worker.stop(),
  }
}

/** A result that waits to be written; one that broke its group is written alone, and what fails then fails its event. */
type Waiting = Finished & { taken: TakenLookup; said?: Said; alone?: 'first' | 'last' }

class Worker {
  readonly #options: LookupsOptions
  readonly #troubles: BoundedLog
  /** How many events of each source are asked about. */
  readonly #asking = new Map<string, number>()
  readonly #questions = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  #finished: Waiting[] = []
  #running: Promise<void> | null = null
  #woken = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: LookupsOptions) {
    this.#options = options
    this.#troubles = createBoundedLog(options.log, () => options.clock.steady())
  }

  wake(): void {
    if (this.#ending.signal.aborted) return
    this.#woken = true
    clearTimeout(this.#timer)
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    await this.#running
    await Promise.all(this.#questions)
    // A store that is away keeps the leases, and they run out.
    for (let beats = 0; this.#finished.length > 0 && beats < LAST_BEATS; beats += 1) await this.#beat()
  }

  async #run(): Promise<void> {
    let wait_ms = 0
    while (this.#woken) {
      this.#woken = false
      // Results of the same turn of the event loop go into one transaction.
      await new Promise((resolve) => setImmediate(resolve))
      wait_ms = await this.#beat()
    }
    this.#running = null
    if (this.#ending.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.wake()
    }, wait_ms)
  }

  /** Writes what was found and takes what is due. Returns how long nothing is to be done, in ms. */
  async #beat(): Promise<number> {
    const group = nextGroup(this.#finished)
    this.#finished = this.#finished.slice(group.length)
    if (this.#finished.length > 0) this.#woken = true
    try {
      const advanced = await this.#advance(group)
      this.#release(group, advanced)
      if (advanced.taken.length > 0) this.#woken = true
      for (const taken of advanced.taken) this.#take(taken)
      return Math.min(advanced.wait_ms, POLL_MS)
    } catch (error) {
      this.#woken = false
      if (error instanceof AutomationsChanged) return await this.#matchAgain(group)
      this.#troubles.warn('store', { reason: reasonOf(error) }, 'look-ups wait for the store')
      this.#finished = [...group.flatMap((one) => kept(one, error, group.length)), ...this.#finished]
      return STORE_AWAY_MS
    }
  }

  /** Matches results again under the automations that are stored now. */
  async #matchAgain(group: readonly Waiting[]): Promise<number> {
    await this.#options.automations.refresh().catch((error: unknown) => {
      this.#troubles.warn('automations', { reason: reasonOf(error) }, 'look-ups wait for the store')
    })
    const again = group.map((one) =>
      one.said === undefined ? one : { ...one, ...this.#finish(one.taken, one.said) },
    )
    this.#finished = [...again, ...this.#finished]
    return MATCH_AGAIN_MS
  }

  #advance(group: readonly Waiting[]): Promise<AdvancedLookups> {
    const { store, clock, runtime } = this.#options
    const sources = this.#ending.signal.aborted ? [] : [...runtime().sources.keys()]
    return store.advanceLookups({
      now: clock.steady(),
      settled: group.map(({ record }) => record),
      free: sources.map((source) => ({ source, count: AT_ONCE - (this.#asking.get(source) ?? 0) })),
      lease_ms: LEASE_MS,
    })
  }

  #release(group: readonly Waiting[], { settled, lanes, superseded }: AdvancedLookups): void {
    const released = group.flatMap(({ record, event, message }, i): Released[] => {
      const result = settled[i]
      if (record.outcome !== 'done' || result?.outcome !== 'done') return []
      const deliveries = record.deliveries.filter(({ id }) => !result.stale.includes(id))
      const { id: event_id, source, type, kind, title } = event
      const what = { event_id, source: source.name, type, kind, title, status: result.status }
      this.#options.log.info(
        { ...what, deliveries: deliveries.map(({ id }) => id), outcome: message },
        'event looked up',
      )
      return [{ event, status: result.status, deliveries }]
    })
    if (released.length > 0 || lanes.length > 0) this.#options.onReleased(released, { lanes, superseded })
  }

  #take(taken: TakenLookup): void {
    const { source } = taken
    this.#asking.set(source, (this.#asking.get(source) ?? 0) + 1)
    const question = this.#ask(taken)
    this.#questions.add(question)
    void question.finally(() => {
      this.#questions.delete(question)
      this.#asking.set(source, (this.#asking.get(source) ?? 1) - 1)
      this.wake()
    })
  }

  async #ask(taken: TakenLookup): Promise<void> {
    try {
      const said = await this.#said(taken)
      this.#finished.push(this.#finish(taken, said))
    } catch (error) {
      this.#finished.push(this.#mistaken(taken, error))
    }
  }

  /** Decides what becomes of an event. A mistake of the receiver in that fails this event alone. */
  #finish(taken: TakenLookup, said: Said): Waiting {
    try {
      return { ...this.#decide(taken, said), taken, said }
    } catch (error) {
      return this.#mistaken(taken, error)
    }
  }

  #mistaken(taken: TakenLookup, error: unknown): Waiting {
    const { event_id, source } = taken
    const reason = reasonOf(error)
    this.#options.log.error({ event_id, source, reason }, 'a look-up failed by a mistake of the receiver')
    return { ...failed(taken, reason), taken }
  }

  async #said(taken: TakenLookup): Promise<Said> {
    const { runtime, outbound, clock, ask_ms = ASK_MS } = this.#options
    const source = runtime().sources.get(taken.source)
    if (source === undefined) return { trouble: GONE }
    if (taken.overdue) return { trouble: OVERDUE }
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(ask_ms)])
    const said = await askAbout(source, parse(taken.event), { outbound, signal, now: clock.wall() })
    if ('trouble' in said && !this.#ending.signal.aborted) {
      const { message: reason, fix } = said.trouble
      const what = { event_id: taken.event_id, source: taken.source, reason, fix }
      this.#troubles.warn(`${taken.source} ${reason}`, what, 'look-up failed')
    }
    return said
  }

  #decide(taken: TakenLookup, said: Said): Finished {
    const { runtime, match } = this.#options
    return decide(taken, said, {
      is_known: runtime().sources.has(taken.source),
      is_ending: this.#ending.signal.aborted,
      random: Math.random(),
      match,
    })
  }
}

function nextGroup(finished: readonly Waiting[]): Waiting[] {
  const alone = finished.findIndex((one) => one.alone !== undefined)
  return finished.slice(0, alone === -1 ? GROUP : Math.min(Math.max(alone, 1), GROUP))
}

/** Returns what is to be written instead of a result that could not be: nothing once its own failure could not be. */
function kept(one: Waiting, error: unknown, together: number): Waiting[] {
  if (error instanceof StoreUnavailable) return [one]
  if (together > 1) return [{ ...one, alone: 'first' }]
  return one.alone === 'last' ? [] : [{ ...one, ...failed(one.taken, reasonOf(error)), alone: 'last' }]
}
