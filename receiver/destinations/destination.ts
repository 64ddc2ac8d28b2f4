import type { Problem } from '../../src/contract/problem.ts'
import type { z } from 'zod'
import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { GitHubConnection } from '../github/connection.ts'
import type { GitHub } from '../github/dispatch.ts'
import type { Access, AttemptResult } from '../policy/attempt.ts'
import type { LanePolicy } from '../policy/lane.ts'
import type { AnswerRow } from '../outbound/answer-table.ts'
import type { Outbound } from '../outbound/send.ts'
import type { NamedSecrets } from '../secrets/named.ts'

/** Everything that a destination needs to send one delivery. */
export interface DeliveryInput<S = unknown> {
  /** `dlv_…`: the same for every attempt; receivers use it to tell repeats. */
  delivery_id: string
  /** How often the delivery has been redelivered: 0 at first. */
  redelivery: number
  automation: string
  event: ModelEvent
  /** The registry's own flat fields (see `SourceEvent.flat`). */
  flat: Record<string, string>
  /** The body's own GitHub event type, or null. */
  dispatch_type: string | null
  /** The body's own `client_payload` where the body is GitHub-shaped, or null. */
  client_payload: JsonObject | null
  /** Hex; the same for every event about this destination, model and slot. */
  subject_key: string
  /** Hex; equal for repeats of one change. */
  dedupe_key: string
  /** The destination's part of the automation's revision, as its `settings` schema parsed it. */
  settings: S
}

/** The input before its target is known: the target is part of the subject. */
export type TargetInput<S = unknown> = Omit<DeliveryInput<S>, 'subject_key' | 'redelivery'>

/** Where a delivery goes, known when the event is accepted. */
export interface Target {
  /** For people and lists: `acme/serving`, a URL without its query. */
  target: string
  /**
   * Who listens at the target. Deliveries to one listener about one model and slot follow and replace each other,
   * whichever automation makes them; those to different ones have nothing to do with each other.
   */
  listener: string
  /** The name of the deliveries that one limit counts together, e.g. `github-app:api.github.com:12345/acme`. */
  lane: string
  /** How that lane may be used. */
  policy: LanePolicy
}

/** A destination of one running receiver, ready to send. Made once per configuration by `DestinationType.connect`. */
export interface Sender<S = unknown> {
  /**
   * Renders where the delivery goes.
   * @throws RenderError when the event gives no valid target (an empty repository name, one outside the connection's
   * list): the delivery then fails with that reason.
   */
  target(input: TargetInput<S>): Target
  /** Makes one try. Never throws: whatever happens is an `AttemptResult`. Gives up when `signal` aborts. */
  send(input: DeliveryInput<S>, signal: AbortSignal): Promise<AttemptResult>
  /**
   * Returns what `send` would send, for explain and test; secrets masked.
   * @throws RenderError
   */
  render(input: DeliveryInput<S>): { method: string; url: string; body: JsonObject }
  /**
   * Asks the other side whether it would take the delivery, without sending it. Never throws. Absent where the other
   * side cannot be asked.
   */
  access?(input: DeliveryInput<S>, signal: AbortSignal): Promise<Access>
}

/**
 * A kind of destination: one file, registered in `destinations/index.ts`. Configuration, its JSON Schema, the docs page
 * and the dashboard go by what is declared here.
 *
 * @example
 * ```ts
 * import { z } from 'zod'
 * import type { DestinationType } from '../../receiver/destinations/destination.ts'
 * import { secretText } from '../../receiver/secrets/settings.ts'
 *
 * const settings = z.strictObject({
 *   type: z.literal('pager'),
 *   room: z.string().min(1).describe('Who is paged.'),
 *   key: secretText('The key of the pager service.'),
 * })
 *
 * export const pager: DestinationType<z.infer<typeof settings>> = {
 *   type: 'pager',
 *   title: 'Pager',
 *   order: 'none',
 *   settings,
 *   example: { type: 'pager', room: 'ml-on-call', key: '${env:PAGER_KEY}' },
 *   guide: 'Make a key under Settings > Integrations, and put it into `PAGER_KEY`.',
 *   answers: [{ id: 'taken', class: 'success' }],
 *   check: ({ room }) =>
 *     room.startsWith('#') ? [{ path: ['room'], message: 'is a channel', fix: 'Name a room.' }] : [],
 *   connect: ({ secret }) => ({
 *     target: ({ settings: { room } }) => ({
 *       target: room,
 *       listener: '',
 *       lane: 'pager',
 *       policy: { concurrency: 1, interval_ms: 1_000 },
 *     }),
 *     render: ({ event, settings: { room } }) => ({
 *       method: 'POST',
 *       url: `https://pager.example/rooms/${encodeURIComponent(room)}`,
 *       body: { text: event.title },
 *     }),
 *     async send({ event, settings: { room, key } }, signal) {
 *       const url = `https://pager.example/rooms/${encodeURIComponent(room)}`
 *       const body = JSON.stringify({ text: event.title })
 *       const headers = { authorization: `Bearer ${secret(key)}` }
 *       const { status } = await fetch(url, { method: 'POST', headers, body, signal })
 *       return {
 *         class: status < 300 ? 'success' : 'ambiguous',
 *         status,
 *         message: status < 300 ? '' : `The pager answered HTTP ${status}.`,
 *         fix: '',
 *         request: { method: 'POST', url, body },
 *         response: null,
 *         retry_after_ms: null,
 *       }
 *     },
 *   }),
 * }
 * ```
 */
export interface DestinationType<S = unknown> {
  /** The value of `type:` in an automation's destination, e.g. `repository_dispatch`. */
  type: string
  /** The name for people: `GitHub repository_dispatch`. */
  title: string
  /** The order that an automation gets where it doesn't say: `strict` for what starts a run or job. */
  order: 'strict' | 'none'
  /** The schema of its keys, `type` included. A secret key is marked by `secretText` or `secretUrl`. */
  settings: z.ZodType<S>
  /** Keys as somebody would write them, valid as they are; secrets as references. A test renders every example. */
  example: { type: string } & Record<string, unknown>
  /** The guide: the request and the set-up of the other side, in Markdown, for the docs page and the dashboard. */
  guide: string
  /** The meaning of each answer of the other side, the first that applies wins: the docs page prints them. */
  answers: readonly Pick<AnswerRow<never>, 'id' | 'class'>[]
  /**
   * Returns what is wrong with these settings beyond their schema, e.g. an unknown template word or a payload that can
   * never fit. Empty when all is well.
   */
  check(settings: S, context: CheckContext): SettingsProblem[]
  /**
   * The repository of GitHub that it sends to, for those that do: the connection must have it, and tokens are narrowed
   * to what automations name. `name` is null where it depends on the event.
   */
  repository?(settings: S): { connection: string; owner: string; name: string | null }
  /** Returns the names of the stored secrets that settings need; none where not said. */
  secrets?(settings: S): string[]
  /** Makes this kind of destination ready to send, once per configuration. */
  connect(context: ConnectContext): Sender<S>
}

/** An issue of a destination's settings. `path` is relative to the destination. */
export interface SettingsProblem extends Problem {
  path: (string | number)[]
}

/** The means that a running receiver lends its destinations. */
export interface ConnectContext {
  connections: ReadonlyMap<string, GitHubConnection>
  github: GitHub
  /** The receiver's own address for links, without a slash at its end; null where it is not known. */
  public_url: string | null
  /**
   * Returns the present value of a secret setting, whose references (`${env:NAME}`, `${file:/path}`) the stored settings
   * keep. Ask at each attempt, and mask the value in whatever is recorded.
   * @throws SecretUnavailable when a variable or a file has no value.
   */
  secret: (text: string) => string
  /** Secrets that were stored under a name, which settings and templates have as `${NAME}`. */
  named: NamedSecrets
  /** The one way out for users' URLs. */
  outbound: Outbound
  /** Unix time in ms. */
  now: () => number
}

/** The context of checking a destination's settings. */
export interface CheckContext {
  /** Names of the GitHub connections with their `repositories` globs. */
  connections: ReadonlyMap<string, { repositories: readonly string[] }>
  /** Returns why a URL may not be sent to, or null; references in it are resolved. */
  checkUrl: (text: string) => Problem | null
}

/** The event cannot be turned into a request for this destination. The message says why and what to change. */
export class RenderError extends Error implements Problem {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'RenderError'
    this.fix = fix
  }
}

/** A secret of a destination has no value now. The message names the variable or the file, never a value. */
export class SecretUnavailable extends Error implements Problem {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'SecretUnavailable'
    this.fix = fix
  }
}
