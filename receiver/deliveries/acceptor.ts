import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { asError, reasonOf } from '../observe/reason-of.ts'
import type { Accepted, NewEvent } from '../store/records.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'
import { logSuperseded } from './log-superseded.ts'

/** How long an event waits for a store that is away, in ms. */
const HOLD_MS = 5_000
/** The least time that a try is given, in ms, also the last one of an event. */
const LEAST_MS = 500
/** How often to look for events that wait behind a commit which does not come back, in ms. */
const OVERDUE_EVERY_MS = 500
/** How long to wait between two tries of a store that is away, in ms. */
const RETRY_MS = 200
/** The most events in one transaction, and the most deliveries: PostgreSQL holds a lock for each one's subject. */
const GROUP = 256
const GROUP_DELIVERIES = 1_000
/** The most events and bytes that may wait at once: past them the store is too slow, and senders are told so. */
const WAITING = 20_000
const WAITING_BYTES = 256 * 2 ** 20

const HANGING_FIX = 'Check that the server of DATABASE_URL works and that nothing holds its locks.'

/** Too much waits for delivery already (`limits.backlog`), or for the store. Nothing was stored. */
export class BacklogFull extends Error {}

/** The means of an acceptor. */
export interface AcceptorOptions {
  store: Store
  clock: Clock
  log: Log
  /** Whether `limits.backlog` leaves room for one more event. */
  roomLeft: () => boolean
  /** Told of every group at once when the store has been asked to take it in, before anybody knows whether it does. */
  onHandedOver?: (events: readonly NewEvent[]) => void
}

/** Where ingest hands over its events. */
export interface Acceptor {
  /**
   * Resolves when the event is on disk. With `past_backlog` the event is taken however many deliveries wait.
   *
   * @throws StoreUnavailable when the store was away for 5 s; an event that was in a commit without an answer may be
   *   stored all the same.
   * @throws BacklogFull when too much waits. Nothing is stored then.
   */
  accept(event: NewEvent, options?: { past_backlog: boolean }): Promise<Accepted>
  /**
   * Adds a listener for every event that is stored, with its deliveries that are to be made and the lanes in which
   * other deliveries can now be claimed.
   */
  onAccepted(listener: AcceptedListener): void
  /** Resolves when all that was handed over has been answered. */
  idle(): Promise<void>
}

/** Hears of a stored event and of the lanes to look at; what it throws is logged. */
export type AcceptedListener = (event: NewEvent, lanes: readonly string[]) => void

/**
 * Returns an acceptor that commits in groups: what arrives while a commit runs goes into the next one, without any
 * timer. A group that fails for the sake of one event is taken one by one, so that no other event is lost.
 */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const commits = new GroupCommit(options)
  return {
    accept: (event, { past_backlog } = { past_backlog: false }) => commits.accept(event, past_backlog),
    onAccepted: (listener) => void commits.listeners.push(listener),
    idle: () => commits.idle(),
  }
}

interface Waiting {
  event: NewEvent
  /** Until when the event may wait, ms of the steady clock. */
  until: number
  /** Whether the event was tried, and perhaps stored, though the store did not say so. */
  held: boolean
  resolve: (accepted: Accepted) => void
  reject: (error: Error) => void
}

/** The outcome of a group: the events that still wait for the store, and how to answer the others. */
interface Committed {
  held: Waiting[]
  answer: () => void
}

const nothing = (): void => undefined

class GroupCommit {
  readonly listeners: AcceptedListener[] = []
  readonly #options: AcceptorOptions
  #queue: Waiting[] = []
  #bytes = 0
  #running: Promise<void> | null = null
  #committing: readonly Waiting[] = []
  #watching: NodeJS.Timeout | null = null

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  accept(event: NewEvent, past_backlog: boolean): Promise<Accepted> {
    const { clock, roomLeft } = this.#options
    if (!(past_backlog || roomLeft()) || this.#queue.length >= WAITING || this.#bytes > WAITING_BYTES)
      return Promise.reject(new BacklogFull('Too many events are waiting.'))
    return new Promise((resolve, reject) => {
      this.#bytes += event.raw.byteLength
      this.#queue.push({ event, until: clock.steady() + HOLD_MS, held: false, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Events that are handed over together go into one group.
    await Promise.resolve()
    let answerLast = nothing
    while (this.#queue.length > 0) {
      const group = nextGroup(this.#queue)
      this.#queue = this.#queue.slice(group.length)
      this.#committing = group
      this.#watch()
      const committing = this.#commit(group)
      // The store is at work on the next group while the last one is answered.
      answerLast()
      const { held, answer } = await committing
      answerLast = answer
      this.#committing = []
      const keep = new Set(held)
      for (const waiting of group) if (!keep.has(waiting)) this.#bytes -= waiting.event.raw.byteLength
      if (held.length > 0) {
        this.#queue = [...held, ...this.#queue]
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    this.#running = null
    answerLast()
  }

  async #commit(group: readonly Waiting[]): Promise<Committed> {
    try {
      const results = await this.#store(group)
      const answer = () => {
        group.forEach((waiting, i) => {
          const result = results[i]
          if (result !== undefined) this.#settle(waiting, result)
        })
      }
      return { held: [], answer }
    } catch (error) {
      if (error instanceof StoreUnavailable) return { held: this.#hold(group, error), answer: nothing }
      const [only] = group
      if (only !== undefined && group.length === 1) {
        only.reject(asError(error))
        return { held: [], answer: nothing }
      }
      return { held: await this.#commitOneByOne(group), answer: nothing }
    }
  }

  async #commitOneByOne(group: readonly Waiting[]): Promise<Waiting[]> {
    const held: Waiting[] = []
    for (const waiting of group) {
      const alone = await this.#commit([waiting])
      alone.answer()
      held.push(...alone.held)
    }
    return held
  }

  #store(group: readonly Waiting[]): Promise<Accepted[]> {
    const { store, clock, onHandedOver } = this.#options
    const events = group.map(({ event }) => event)
    const accepted = store.accept({
      now: clock.steady(),
      events,
      retry: group.some(({ held }) => held),
      wait_ms: Math.max(LEAST_MS, Math.min(...group.map(({ until }) => until)) - clock.steady()),
    })
    onHandedOver?.(events)
    return accepted
  }

  #settle({ event, resolve }: Waiting, result: Accepted): void {
    resolve(result)
    if (result.outcome !== 'accepted') return
    const { stale = [], lanes = [], superseded = [] } = result
    logSuperseded(this.#options.log, superseded)
    const made =
      stale.length === 0
        ? event
        : { ...event, deliveries: event.deliveries.filter(({ id }) => !stale.includes(id)) }
    try {
      for (const listener of this.listeners) listener(made, lanes)
    } catch (error) {
      // The event is stored and answered: what listens to that must not stop those behind it.
      const reason = reasonOf(error)
      this.#options.log.error({ event_id: event.id, reason }, 'what follows an accept failed')
    }
  }

  /** Keeps the events that may still wait for the store, and turns away the others. */
  #hold(group: readonly Waiting[], error: StoreUnavailable): Waiting[] {
    const now = this.#options.clock.steady()
    for (const { until, reject } of group) if (until <= now) reject(error)
    const kept = group.filter(({ until }) => until > now)
    for (const waiting of kept) waiting.held = true
    return kept
  }

  /** Looks for overdue events as long as any wait, by a single timer for many groups: starting one costs more than a look. */
  #watch(): void {
    this.#watching ??= setInterval(() => {
      this.#turnAwayOverdue()
      if (this.#running !== null || this.#watching === null) return
      clearInterval(this.#watching)
      this.#watching = null
    }, OVERDUE_EVERY_MS).unref()
  }

  /**
   * Turns away events that have waited long enough, also behind a commit that does not come back: a server that hangs
   * gives no error. The events of that commit may be stored all the same; that cannot be known before the server
   * answers.
   */
  #turnAwayOverdue(): void {
    const now = this.#options.clock.steady()
    const overdue = [...this.#committing, ...this.#queue].filter(({ until }) => until <= now)
    for (const { reject } of overdue) reject(new StoreUnavailable('The store does not answer.', HANGING_FIX))
    for (const { event, until } of this.#queue) if (until <= now) this.#bytes -= event.raw.byteLength
    this.#queue = this.#queue.filter(({ until }) => until > now)
  }
}

/** Returns the first events of a queue that fit into one transaction; at least one. */
function nextGroup(queue: readonly Waiting[]): Waiting[] {
  let deliveries = 0
  const end = queue.slice(0, GROUP).findIndex(({ event }, i) => {
    deliveries += event.deliveries.length
    return i > 0 && deliveries > GROUP_DELIVERIES
  })
  return queue.slice(0, end === -1 ? GROUP : end)
}
