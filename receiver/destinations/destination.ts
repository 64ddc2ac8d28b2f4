import type { z } from 'zod'
import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { GitHub } from '../github/dispatch.ts'
import type { AttemptResult } from '../policy/attempt.ts'
import type { LanePolicy } from '../policy/lane.ts'

/** Everything a destination needs to know of one delivery in order to send it. */
export interface DeliveryInput<D = unknown> {
  /** `dlv_…`: the same for every attempt; receivers use it to tell repeats. */
  delivery_id: string
  automation: string
  event: ModelEvent
  /** The registry's own flat fields (see `SourceEvent.flat`). */
  flat: Record<string, string>
  /** The body's own GitHub event type, or null. */
  dispatch_type: string | null
  /** Hex; the same for every event about this destination, model and slot. */
  subject_key: string
  /** Hex; equal for repeats of one change. */
  dedupe_key: string
  /** The destination's part of the automation's revision, as its `settings` schema parsed it. */
  settings: D
}

/** The same before it is known where the delivery goes, which is a part of its subject. */
export type TargetInput<D = unknown> = Omit<DeliveryInput<D>, 'subject_key'>

/** Where a delivery goes, known when the event is accepted. */
export interface Target {
  /** For people and lists: `acme/serving`, a URL without its query. */
  target: string
  /**
   * Who listens at the target. Deliveries to one listener about one model and slot follow and replace each other,
   * whichever automation makes them; those to different ones have nothing to do with each other.
   */
  listener: string
  /** What one limit counts together, e.g. `github-app:api.github.com:12345/acme`. */
  lane: string
}

/** A destination of one running receiver, ready to send. Made once per configuration by `DestinationType.connect`. */
export interface Sender<D = unknown> {
  /**
   * Renders where the delivery goes. Throws `RenderError` when the event gives no valid target
   * (an empty repository name, one outside the connection's list): the delivery then fails with that reason.
   */
  target(input: TargetInput<D>): Target
  policy(lane: string): LanePolicy
  /** One try. Never throws: whatever happens is an `AttemptResult`. Gives up when `signal` aborts. */
  send(input: DeliveryInput<D>, signal: AbortSignal): Promise<AttemptResult>
  /** What `send` would send, for explain and test; secrets masked. Throws `RenderError`. */
  render(input: DeliveryInput<D>): { method: string; url: string; body: JsonObject }
}

/** A kind of destination. Registered in `destinations/index.ts`. */
export interface DestinationType<D = unknown> {
  /** The value of `type:` in an automation's destination, e.g. `repository_dispatch`. */
  type: string
  title: string
  /** The schema of its keys, `type` included. */
  settings: z.ZodType<D>
  /** The order that an automation gets where it doesn't say: `strict` for what starts a run or job. */
  default_order: 'strict' | 'none'
  /**
   * What is wrong with these settings beyond their schema, e.g. an unknown template word or a payload that can
   * never fit. Empty when all is well. `path` is relative to the destination.
   */
  check(settings: D, context: CheckContext): SettingsProblem[]
  /**
   * The repository of GitHub that it sends to, for those that do: tokens are narrowed to what automations name.
   * `name` is null where it depends on the event.
   */
  repository?(settings: D): { connection: string; owner: string; name: string | null }
  /** Makes this kind of destination ready to send, once per configuration. */
  connect(context: ConnectContext): Sender<D>
}

/** One thing wrong with a destination's settings. `path` is relative to the destination. */
export interface SettingsProblem {
  path: (string | number)[]
  message: string
  /** What to do, where the message does not say it. */
  fix?: string
}

/** What a running receiver lends its destinations. */
export interface ConnectContext {
  connections: ReadonlyMap<string, GitHubConnection>
  github: GitHub
}

export interface CheckContext {
  /** Names of the GitHub connections with their `repositories` globs. */
  connections: ReadonlyMap<string, { repositories: readonly string[] }>
}

/** The event cannot be turned into a request for this destination. The message says why and what to change. */
export class RenderError extends Error {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'RenderError'
    this.fix = fix
  }
}
