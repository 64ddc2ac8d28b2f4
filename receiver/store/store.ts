import type { Problem } from '../../src/contract/problem.ts'
import type {
  AuditFilter,
  AutomationChange,
  Expected,
  NewAuditEntry,
  Previewed,
  ShownLane,
  ShownSubject,
  SourceEventSeen,
  StoredAutomation,
} from './management-records.ts'
import type { AdvanceLookups, AdvancedLookups } from './lookup-records.ts'
import type {
  AcceptArgs,
  Accepted,
  Advance,
  Advanced,
  BulkFilter,
  BulkRedelivered,
  Canceled,
  Recovered,
  Redelivered,
  Retention,
  Revision,
  Swept,
} from './records.ts'
import type { PutSecret, SealedRow, StoredSecret } from './secret-records.ts'
import type {
  DeliveryDetail,
  DeliveryFilter,
  DeliverySummary,
  EventDetail,
  EventFilter,
  EventSummary,
  LastHeard,
  Overview,
  OverviewArgs,
  Page,
} from './views.ts'

/**
 * Everything that the store does for the rest of the receiver: events, deliveries, attempts, lanes. Two engines, one
 * set of operations, one conformance suite (`test/store`); `docs/queue.md` explains the queue behind them.
 *
 * Each operation is one transaction: all of it is on disk when the promise resolves, or nothing has happened. Each
 * throws `StoreUnavailable` when the store cannot be used right now; any other error is about its own arguments.
 *
 * `now` is the caller's steady time in Unix ms. A store that several replicas share goes by a time of its own, the same
 * for all of them, and ignores it.
 */
export interface Operations {
  /**
   * Takes in a group of events. Results come in the order of the group; an event that was seen before is answered with
   * the earlier one's id, and an event of a `retry` that is stored already counts as accepted.
   *
   * @throws StoreUnavailable also when the transaction took longer than `wait_ms`, behind the locks of a replica that
   *   stands still: by then a sender has been told so. Nothing is stored then.
   * @throws AutomationsChanged when an event was matched against stored automations that are not the present ones:
   *   nothing is stored, and each must be matched again
   */
  accept(args: AcceptArgs): Promise<Accepted[]>

  /**
   * Returns the event that came of a delivery, or null where none did or its window is over. `key` is that of an
   * identity of the rule `delivery`, `source` the name of its source.
   */
  storedDelivery(args: { source: string; key: string; now: number }): Promise<string | null>

  /**
   * The engine's heartbeat: writes what attempts showed, expires what has waited too long, reclaims what a lost worker
   * held, and leases what is due: per lane at most its concurrency and pace, targets in turn. A result whose lease is no
   * longer valid is dropped.
   */
  advance(args: Advance): Promise<Advanced>

  /**
   * The heartbeat of the look-ups: writes what registries said, lets those events on that nothing older of their model
   * waits before, and leases what is due: of each model the oldest event. A result whose lease is no longer valid is
   * dropped. Events whose time to ask is over are leased whatever `free` says.
   *
   * @throws AutomationsChanged where a result was matched under other automations than those that are stored now.
   */
  advanceLookups(args: AdvanceLookups): Promise<AdvancedLookups>

  /** Reclaims every delivery under way, for a store with one process when it starts. */
  recover(args: { now: number }): Promise<Recovered>

  /** Returns how many deliveries are unfinished, counted up to `most`. */
  backlog(args: { most: number }): Promise<number>

  /** Returns what came in and how deliveries ended, by the hour, and what waits. */
  overview(args: OverviewArgs): Promise<Overview>

  /** Returns one event with its raw body, or null. */
  getEvent(args: { id: string }): Promise<EventDetail | null>

  /** Returns a page of events, newest first. */
  listEvents(args: EventFilter): Promise<Page<EventSummary>>

  /** Returns one delivery with all of its attempts, oldest first, or null. */
  getDelivery(args: { id: string }): Promise<DeliveryDetail | null>

  /** Returns a page of deliveries, newest first. */
  listDeliveries(args: DeliveryFilter): Promise<Page<DeliverySummary>>

  /**
   * Puts a finished delivery back into the queue under its own id: the whole schedule again, at its old place in its
   * subject. A stale one stays as it is unless `force`.
   */
  redeliver(args: { id: string; force: boolean; now: number }): Promise<Redelivered>

  /** Puts up to `limit` finished deliveries back into the queue, oldest first, from behind the one whose `seq` is `after`. */
  redeliverMany(args: {
    filter: BulkFilter
    force: boolean
    after: number
    limit: number
    now: number
  }): Promise<BulkRedelivered>

  /** Ends a waiting delivery for good; one that is under way or finished stays as it is. */
  cancel(args: { id: string; now: number }): Promise<Canceled>

  /** Keeps the texts of automations, so that every delivery can find the one it was made under. */
  saveRevisions(args: { revisions: readonly Revision[]; now: number }): Promise<void>

  /** Returns the revision with this id, or null. */
  getRevision(args: { id: string }): Promise<Revision | null>

  /**
   * Moves what waits under the lane name `from` to `to`, since the identity behind it is known now: both then share one
   * pace and one pause. Deliveries that come under the former name later go to the present one.
   */
  renameLane(args: { from: string; to: string; now: number }): Promise<void>

  /**
   * Ends the pause of every lane whose credentials were refused and whose name begins with one of `prefixes`, and
   * returns these lanes. Their next delivery is tried at once; if it is refused too, the pause begins anew.
   */
  probeLanes(args: { prefixes: readonly string[]; now: number }): Promise<string[]>

  /**
   * Wakes lanes whose wake time was lost, and returns how many: something waits in them and nothing would look. Notes
   * `now` for `lastSeen`. Cheap where all is well.
   */
  wakeLanes(args: { now: number }): Promise<number>

  /**
   * Makes due what waits for a time that no schedule reaches, and returns how many deliveries that were: an earlier process
   * ran on a clock that was far ahead. Requests seen within windows of that time are forgotten. Meant for the start.
   */
  bringForward(args: { now: number }): Promise<number>

  /** Says when each of these sources sent its last event, and notes it: the event itself may be past keeping. */
  lastHeard(args: { sources: readonly string[]; now: number }): Promise<LastHeard[]>

  /** Deletes one batch of what is past keeping, oldest first. */
  sweep(args: Retention & { now: number }): Promise<Swept>

  /** Resolves when the store can be written. A full disk still answers what is asked of it. */
  ping(args: { now: number }): Promise<void>

  /** Returns the latest time that was noted here, in Unix ms; 0 in a new store. Schedules never go back behind it. */
  lastSeen(args: Record<string, never>): Promise<number>

  /**
   * Stores a secret, in place of the one of its name. Refused where others are sealed under a key that is not among
   * `accepts`: nobody could open all of them then.
   */
  putSecret(args: { secret: SealedRow; accepts: readonly string[]; now: number }): Promise<PutSecret>

  /** Deletes a secret. `deleted` is false where there was none. */
  deleteSecret(args: { name: string }): Promise<{ deleted: boolean }>

  /** Returns what may be shown of every secret, by name. */
  listSecrets(args: Record<string, never>): Promise<StoredSecret[]>

  /** Returns the secrets of these names that are stored, sealed as they are. */
  readSecrets(args: { names: readonly string[] }): Promise<SealedRow[]>

  /** Returns the ids of the keys that secrets are sealed under; none where no secret is stored. */
  secretsKeys(args: Record<string, never>): Promise<string[]>

  /** Returns the secrets that are sealed under another key than this. */
  secretsOfOtherKeys(args: { key_id: string }): Promise<SealedRow[]>

  /** Puts a secret under another key, unless it was replaced since `was` was read. */
  resealSecret(args: { was: SealedRow; now_sealed: SealedRow }): Promise<void>

  /** Notes that requests carry these secrets now. */
  noteSecretsUsed(args: { names: readonly string[]; now: number }): Promise<void>

  /** Returns every automation that was written through the API, by name, and the version of all of them. */
  storedAutomations(args: Record<string, never>): Promise<{ version: number; items: StoredAutomation[] }>

  /** Returns the version of the stored automations: it grows with each change of one. */
  automationsVersion(args: Record<string, never>): Promise<number>

  /** Stores an automation, in place of the one of its name, if what is there is as expected. */
  putAutomation(args: {
    name: string
    spec: StoredAutomation['spec']
    expected: Expected
    by: string
    now: number
  }): Promise<AutomationChange>

  /** Deletes a stored automation, if what is there is as expected. */
  deleteAutomation(args: { name: string; expected: Expected; now: number }): Promise<AutomationChange>

  /** Returns the names of all automations that ever had a revision here, by name. */
  automationNames(args: Record<string, never>): Promise<string[]>

  /** Returns what a bulk redelivery would put back, oldest first, from behind the one whose `seq` is `after`. */
  previewRedeliver(args: {
    filter: BulkFilter
    force: boolean
    after: number
    limit: number
  }): Promise<Previewed>

  /** Returns which of these deliveries a replay would leave out as stale, by their index. */
  staleReplays(args: {
    of: string
    deliveries: readonly { subject: string; slot: string }[]
  }): Promise<number[]>

  /** Returns every lane by name, and whether more deliveries wait than were looked through. */
  listLanes(args: Record<string, never>): Promise<{ items: ShownLane[]; more: boolean }>

  /** Ends the pause of a lane, whatever its reason. Returns whether there is such a lane. */
  resumeLane(args: { lane: string; now: number }): Promise<{ found: boolean }>

  /** Returns the latest events of each of these sources, newest first. */
  sourceActivity(args: { sources: readonly string[] }): Promise<Record<string, SourceEventSeen[]>>

  /** Returns the models and aliases of the latest events, newest first. */
  listSubjects(args: { automations?: readonly string[] | undefined; limit: number }): Promise<ShownSubject[]>

  /** Adds entries to the audit log. */
  addAudit(args: { entries: readonly NewAuditEntry[] }): Promise<void>

  /** Returns a page of the audit log, newest first. */
  listAudit(args: AuditFilter): Promise<Page<NewAuditEntry & { seq: number }>>
}

/** The name of an operation. */
export type OperationName = keyof Operations

/** An open store. */
export interface Store extends Operations {
  readonly engine: 'sqlite' | 'postgres'
  /**
   * Calls back when a replica has put work into the store, with the lanes that must be looked at even before their wake
   * time; without lanes, everywhere. Never on SQLite: it has one process.
   */
  onWork(listener: (lanes: readonly string[]) => void): void
  /** Ends all work and frees the data. Pending operations finish first. */
  close(): Promise<void>
}

/**
 * The store cannot be used right now (disk full, read-only, server gone): nothing was written and the same call
 * may succeed later. Every other error of an operation is about its own arguments.
 */
export class StoreUnavailable extends Error implements Problem {
  /** The items that a person should look at. */
  readonly fix: string
  /** Whether it stays so until a person changes something: rights, credentials, a missing table. */
  readonly lasting: boolean
  constructor(
    message: string,
    fix: string,
    { cause, lasting = false }: { cause?: unknown; lasting?: boolean } = {},
  ) {
    super(message, { cause })
    this.name = 'StoreUnavailable'
    this.fix = fix
    this.lasting = lasting
  }
}

/** An event was matched against stored automations that another replica has changed: match it again. */
export class AutomationsChanged extends Error {
  constructor() {
    super('The stored automations have changed.')
    this.name = 'AutomationsChanged'
  }
}

/** The store cannot be opened at all; the message says why and what to do. */
export class StoreRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreRefused'
  }
}
