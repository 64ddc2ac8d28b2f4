import type { Lookups } from '../lookups/lookups.ts'
import type { Clock } from '../observe/clock.ts'
import type { Changes } from '../observe/changes.ts'
import type { Log } from '../observe/log.ts'
import type { Counts } from '../observe/metrics/counts.ts'
import type { Outbound } from '../outbound/send.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { parse } from '../store/json-text.ts'
import type { NewEvent } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { acceptPrepared, type AcceptContext } from './accept-prepared.ts'
import { createAcceptor, type AcceptedListener, type Acceptor } from './acceptor.ts'
import { createAlerts, OWN_SOURCE_CONFIG, type Alerts } from './alerts.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import { countAttempt } from './count-attempt.ts'
import { createEngine, type Engine, type EngineOptions } from './engine.ts'
import { prepareEvent } from './prepare-event.ts'
import { connectLookups } from './released.ts'
import { createSilences } from './silences.ts'
import { noteTrigger } from './triggers.ts'
import { tellAccepted, tellAttempt, tellGivenUp } from './tell-changes.ts'
import { startUpkeep, type Upkeep } from './upkeep.ts'

/** How long attempts under way may go on after a stop was asked for, in ms. */
const ATTEMPT_GRACE_MS = 20_000

/** From a prepared event to a finished attempt: what ingest and the API hand over to, and who is told of trouble. */
export interface Pipeline {
  acceptor: Acceptor
  alerts: Alerts
  /** Looks into these lanes, since something was put there; without lanes, everywhere. */
  wake: (lanes?: readonly string[]) => void
  /** Returns whether the last look into the store succeeded. */
  healthy(): boolean
  /** Returns how many deliveries wait, as it was last counted. */
  waiting(): number
  /** Starts to deliver. */
  start(): void
  /** Ends in good order, once nothing more is handed over: attempts under way may finish (20 s). */
  stop(): Promise<void>
}

/** The means of a pipeline. */
export interface PipelineOptions {
  store: Store
  /** The configuration in force. */
  runtime: () => Runtime
  /** Puts in force what other replicas have changed of the automations. */
  automations: AcceptContext['automations']
  /** The receiver's own address for links; null where it is not known. */
  public_url: string | null
  /** The way out to registries. */
  outbound: Outbound
  /** Tells everyone who looks on. */
  changes: Changes
  counts: Pick<Counts, 'attempt' | 'delivered'>
  clock: Clock
  log: Log
}

/** Returns a pipeline that accepts, but does not deliver yet; reclaims what an earlier process left under way. */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { store, runtime, automations, public_url, changes, clock, log } = options
  const last_seen = await store.lastSeen({})
  const backlog = createBacklog({ store, clock, log, limit: () => runtime().config.limits.backlog })
  const acceptor = createAcceptor({
    ...{ store, clock, log, roomLeft: () => backlog.roomLeft() },
    onHandedOver: (events) => {
      const lanes = looksAhead(store) ? events.flatMap(lanesOf) : []
      if (lanes.length > 0) wake(lanes)
    },
  })
  const alerts = createAlerts({
    public_url,
    clock,
    log,
    async take(event, raw) {
      const arrival = { raw, received_at: clock.wall(), secret: null }
      const prepare = () => prepareEvent(runtime(), OWN_SOURCE_CONFIG, event, arrival)
      // Alerts matter most when nothing gets through, and they are few.
      return (await acceptPrepared({ acceptor, automations }, prepare, { past_backlog: true })).accepted
    },
  })
  const engine = createEngine({
    ...{ store, clock, log, senders: () => runtime().senders },
    ...tellEverybody(options, alerts),
  })
  const wake = (lanes: readonly string[] = []) => {
    engine.wake(lanes)
  }
  const config = () => runtime().config
  const silences = createSilences({ store, config, clock, onSilent: alerts.silent })
  const upkeep = startUpkeep({ ...options, backlog, silences, wake, last_seen })
  const lookups = connectLookups(options, { backlog, wake, alerts })
  acceptor.onAccepted(followAccept({ store, changes, lookups, backlog, wake, alerts }))
  await reclaim({ store, clock, log }, alerts)
  store.onWork((lanes) => {
    wake(lanes)
    changes.tell({ kind: 'work', lanes })
  })
  return {
    acceptor,
    alerts,
    wake,
    healthy: () => engine.healthy(),
    waiting: () => backlog.waiting(),
    start: () => {
      engine.start()
      lookups.wake()
    },
    stop: () => stopAll({ lookups, engine, acceptor, upkeep }),
  }
}

/** Goes on once an event is stored. */
interface AfterAccept {
  store: Store
  changes: Changes
  lookups: Lookups
  backlog: Backlog
  wake: (lanes: readonly string[]) => void
  alerts: Alerts
}

function followAccept({ store, changes, lookups, backlog, wake, alerts }: AfterAccept): AcceptedListener {
  return (event, lanes) => {
    tellAccepted(changes, event)
    if (event.lookup !== undefined) lookups.wake()
    if (event.deliveries.length === 0) return
    backlog.add(event.deliveries.length)
    const due = looksAhead(store) ? lanes : [...lanesOf(event), ...lanes]
    if (due.length > 0) wake(due)
    tellUndeliverable(event, alerts)
  }
}

/** The only writer of SQLite does one thing after the other: what it is asked now finds all that came before it. */
const looksAhead = ({ engine }: Store) => engine === 'sqlite'

const lanesOf = ({ deliveries }: NewEvent) => deliveries.map(({ lane }) => lane)

/** Returns what the engine calls: everybody who wants to know of attempts is told. */
function tellEverybody(
  { store, clock, log, changes, counts }: PipelineOptions,
  alerts: Alerts,
): Pick<EngineOptions, 'onConsequence' | 'onGivenUp'> {
  return {
    onConsequence: (attempt, consequence) => {
      alerts.attempted(attempt, consequence)
      tellAttempt(changes, attempt, consequence)
      countAttempt(counts, attempt, consequence, clock.wall())
      noteTrigger({ store, clock, log }, attempt)
    },
    onGivenUp: (delivery) => {
      alerts.gaveUp(delivery)
      tellGivenUp(changes, delivery)
    },
  }
}

interface Parts {
  lookups: Lookups
  engine: Engine
  acceptor: Acceptor
  upkeep: Upkeep
}

function tellUndeliverable({ event, deliveries }: NewEvent, alerts: Alerts): void {
  for (const { id, automation, error } of deliveries) {
    if (error !== null) alerts.undeliverable(parse(event), { id, automation, ...error })
  }
}

/** Reclaims what was under way when an earlier process ended, where this process alone uses the store. */
async function reclaim(
  { store, clock, log }: { store: Store; clock: Clock; log: Log },
  alerts: Alerts,
): Promise<void> {
  const brought_forward = await store.bringForward({ now: clock.steady() })
  if (brought_forward > 0)
    log.warn(
      { deliveries: brought_forward },
      'due at once: an earlier process ran on a clock that was far ahead',
    )
  if (store.engine !== 'sqlite') return
  const { reclaimed, given_up } = await store.recover({ now: clock.steady() })
  if (reclaimed > 0) log.warn({ deliveries: reclaimed }, 'reclaimed from a process that ended mid-attempt')
  for (const delivery of given_up) alerts.gaveUp(delivery)
}

async function stopAll({ lookups, engine, acceptor, upkeep }: Parts): Promise<void> {
  await lookups.stop()
  await engine.stop(ATTEMPT_GRACE_MS)
  // The last results may have raised alerts.
  await acceptor.idle()
  upkeep.stop()
}
