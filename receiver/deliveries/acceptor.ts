import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Accepted, NewEvent } from '../store/records.ts'
import { StoreUnavailable, type Store } from '../store/store.ts'
import { asError, reasonOf } from '../observe/reason-of.ts'

/** How long an event waits for a store that is away, ms. */
const HOLD_MS = 5_000
/** Every try has so long, ms, also the last one of an event. */
const LEAST_MS = 500
/** How often those are looked for who wait behind a commit that does not come back, ms. */
const OVERDUE_EVERY_MS = 500
/** Between tries of a store that is away, ms. */
const RETRY_MS = 200
/** Events in one transaction, and the deliveries that they make: PostgreSQL holds a lock for each one's subject. */
const GROUP = 256
const GROUP_DELIVERIES = 1_000
/** Events and bytes that may wait at once: past it the store is too slow and we say so. */
const WAITING = 20_000
const WAITING_BYTES = 256 * 2 ** 20

const HANGING_FIX = 'Check that the server of DATABASE_URL works and that nothing holds its locks.'

/** Too much waits for delivery already (`limits.backlog`), or for the store. Nothing was stored. */
export class BacklogFull extends Error {}

interface Waiting {
  event: NewEvent
  until: number
  /** It was tried, and perhaps stored, though the store did not say so. */
  held: boolean
  resolve: (accepted: Accepted) => void
  reject: (error: Error) => void
}

/** What became of a group: those who wait on for the store, and the answers that the others are still to get. */
interface Committed {
  held: Waiting[]
  answer: () => void
}

const nothing = (): void => undefined

/** Where ingest hands over its events. */
export interface Acceptor {
  /**
   * Resolves when the event is on disk. Rejects with `StoreUnavailable` when the store was away for 5 s (one that was
   * in a commit without an answer may be stored all the same), with `BacklogFull` when too much waits, and nothing is
   * stored then. With `past_backlog` it is taken however many deliveries wait.
   */
  accept(event: NewEvent, options?: { past_backlog: boolean }): Promise<Accepted>
  /** Resolves when all that was handed over has been answered. */
  idle(): Promise<void>
}

/**
 * Group commit: what arrives while a commit runs goes into the next one, without any timer. A group that fails
 * for one event's own sake is taken one by one, so that nobody else's is lost.
 */
export function createAcceptor(
  store: Store,
  clock: Clock,
  roomLeft: () => boolean,
  accepted: (event: NewEvent, lanes: readonly string[]) => void,
  log: Log,
): Acceptor {
  let queue: Waiting[] = []
  let bytes = 0
  let running: Promise<void> | null = null

  const take = (group: readonly Waiting[]) =>
    store.accept({
      now: clock.steady(),
      events: group.map(({ event }) => event),
      retry: group.some(({ held }) => held),
      wait_ms: Math.max(LEAST_MS, Math.min(...group.map(({ until }) => until)) - clock.steady()),
    })

  const settle = ({ event, resolve }: Waiting, result: Accepted) => {
    resolve(result)
    if (result.outcome !== 'accepted') return
    const { stale = [], lanes = [] } = result
    const deliveries = event.deliveries.filter(({ id }) => !stale.includes(id))
    try {
      accepted({ ...event, deliveries }, lanes)
    } catch (error) {
      // The event is stored and answered: what listens to that must not stop those behind it.
      log.error({ event_id: event.id, reason: reasonOf(error) }, 'what follows an accept failed')
    }
  }

  async function commit(group: readonly Waiting[]): Promise<Committed> {
    try {
      const results = await take(group)
      const answer = () => {
        group.forEach((waiting, i) => {
          const result = results[i]
          if (result !== undefined) settle(waiting, result)
        })
      }
      return { held: [], answer }
    } catch (error) {
      if (error instanceof StoreUnavailable) return { held: hold(group, error), answer: nothing }
      const [only] = group
      if (only !== undefined && group.length === 1) {
        only.reject(asError(error))
        return { held: [], answer: nothing }
      }
      const held: Waiting[] = []
      for (const waiting of group) {
        const alone = await commit([waiting])
        alone.answer()
        held.push(...alone.held)
      }
      return { held, answer: nothing }
    }
  }

  /** Keeps what may still wait for the store and turns away the rest. */
  function hold(group: readonly Waiting[], error: StoreUnavailable): Waiting[] {
    const now = clock.steady()
    for (const { until, reject } of group) if (until <= now) reject(error)
    const kept = group.filter(({ until }) => until > now)
    for (const waiting of kept) waiting.held = true
    return kept
  }

  /**
   * Turns away who has waited long enough, also behind a commit that does not come back: a server that hangs gives no
   * error. What is being committed may be stored all the same; nobody can know that before the server answers.
   */
  function turnAwayOverdue(group: readonly Waiting[]): void {
    const now = clock.steady()
    const overdue = [...group, ...queue].filter(({ until }) => until <= now)
    for (const { reject } of overdue) reject(new StoreUnavailable('The store does not answer.', HANGING_FIX))
    for (const { event, until } of queue) if (until <= now) bytes -= event.raw.byteLength
    queue = queue.filter(({ until }) => until > now)
  }

  async function run(): Promise<void> {
    // Whatever comes in the same turn of the event loop goes into one group.
    await new Promise((resolve) => setImmediate(resolve))
    let answerLast = nothing
    while (queue.length > 0) {
      const group = nextGroup(queue)
      queue = queue.slice(group.length)
      const watch = setInterval(turnAwayOverdue, OVERDUE_EVERY_MS, group)
      const committing = commit(group)
      // The store is at work on the next group while we answer the last one.
      answerLast()
      const { held, answer } = await committing
      answerLast = answer
      clearInterval(watch)
      const keep = new Set(held)
      for (const waiting of group) if (!keep.has(waiting)) bytes -= waiting.event.raw.byteLength
      if (held.length > 0) {
        queue = [...held, ...queue]
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    running = null
    answerLast()
  }

  return {
    accept(event, { past_backlog } = { past_backlog: false }) {
      if (!(past_backlog || roomLeft()) || queue.length >= WAITING || bytes > WAITING_BYTES)
        return Promise.reject(new BacklogFull('Too many events are waiting.'))
      return new Promise((resolve, reject) => {
        bytes += event.raw.byteLength
        queue.push({ event, until: clock.steady() + HOLD_MS, held: false, resolve, reject })
        running ??= run()
      })
    },
    async idle() {
      await running
    },
  }
}

/** The first of a queue that fit into one transaction; at least one. */
function nextGroup(queue: readonly Waiting[]): Waiting[] {
  let deliveries = 0
  const end = queue.slice(0, GROUP).findIndex(({ event }, i) => {
    deliveries += event.deliveries.length
    return i > 0 && deliveries > GROUP_DELIVERIES
  })
  return queue.slice(0, end === -1 ? GROUP : end)
}
