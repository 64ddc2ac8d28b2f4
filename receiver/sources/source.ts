import type { z } from 'zod'
import type { DecodedEvent, EventKind, Json, JsonObject } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { Identity } from './identity.ts'
import type { SourceLookup } from './lookup.ts'

/** A webhook request as it came off the wire. Nothing in it is trusted before `verify` said so. */
export interface WebhookRequest {
  /** The raw bytes of the body: signatures are checked on these, never on re-serialised JSON. */
  body: Buffer
  /** Header names in lower case. A header that came several times is joined by `, `, as Node.js does. */
  headers: Readonly<Record<string, string | undefined>>
  /** The query of the URL: some registries send a secret or a signature there. See also {@link statedEvent}. */
  query: URLSearchParams
  /** Now, Unix time in ms, for signed timestamps. */
  now: number
}

/** The credentials of a source's senders. Values are the resolved secrets. */
export interface Credentials {
  /** Every signing secret that counts; several at once while one is being rotated. */
  secrets: readonly string[]
  /** Sent by the registry as `Authorization: Bearer …`, or null when none is configured. */
  access_token: string | null
  /** The whole value of the `Authorization` header, or null when none is configured. */
  authorization: string | null
}

/**
 * The answer of `verify`. A refusal carries a reason for our log only; the sender gets one constant 401.
 * `secret` is the index in `credentials.secrets` of the one that matched, null where the source has none. `stale` says
 * that the signature holds but its timestamp is too far from now: only a delivery that came before passes then, as a
 * duplicate. `unsigned` says that the request carries no signature at all.
 */
export type Verification =
  { ok: true; secret: number | null; stale?: string } | { ok: false; reason: string; unsigned?: true }

/** The headers that a registry adds to a request so that it is believed. */
export interface SentSignature {
  headers: Readonly<Record<string, string>>
  /** Parameters of the URL; none where not said. */
  query?: Readonly<Record<string, string>>
}

/** An event as a source understood it: everything but what the receiver adds when it accepts it. */
export interface SourceEvent {
  /** `test` is true where the registry says that the body is a test of its own and nothing has changed. */
  event: DecodedEvent
  /** How a repeat of the same request is recognised: by a signed delivery id, or by the body. */
  identity: Identity
  /** Equal for all events about one model, whatever happened to it; null where the body names none. */
  home: string | null
  /** The lines to add to the registry's template, where no event could be recognised; else null. */
  hint: string | null
  /** The body's own GitHub event type where the body is GitHub-shaped (W&B's documented template), else null. */
  dispatch_type: string | null
  /** The body's own `client_payload` where the body is GitHub-shaped; null where not said. */
  client_payload?: JsonObject | null
  /** The registry's own flat fields, for the default `client_payload` and template words. Absent is "". */
  flat: Record<string, string>
}

/** Something wrong with the configuration of a source, at a key of it. */
export interface SourceFault extends Problem {
  path: readonly (string | number)[]
}

/** The settings that a source type makes a source of. */
export interface SourceContext<Settings = Readonly<Record<string, unknown>>> {
  /** The configured name of the source, the last part of its URL. */
  name: string
  credentials: Credentials
  /** The type's own keys as its `settings` shape parsed them, secrets resolved. */
  settings: Settings
  /** `dedupe_seconds` of the source in ms, or null for the source type's own rule. */
  dedupe_ms: number | null
}

/** A configured source, ready to take requests, made once per configuration: what can be prepared is prepared then. */
export interface ConnectedSource {
  /** Whether the registry may send a JSON list instead of an object; false where not said. */
  lists?: boolean
  /**
   * Checks the raw request against every configured kind of credential: each kind that is configured must hold.
   * Never throws on hostile input.
   */
  verify(request: WebhookRequest): Verification
  /**
   * Understands one verified body. Never throws on any JSON value; unknown events are `other`. `body` is the parsed
   * JSON, without the source's own secrets where a template rendered one into it; `request` is what `verify` saw.
   */
  parse(body: Json, request: WebhookRequest): SourceEvent[]
  /**
   * Signs a body as the registry does, under the first of the `secrets`, for people who try the source with the command
   * `send`. Returns null where the registry alone has the key. Absent: a source that verifies tokens alone. `now` is
   * Unix ms.
   */
  sign?(body: Buffer, now: number): SentSignature | null
}

/**
 * Describes a registry: how its webhooks are verified and what they mean.
 * Registered in `sources/index.ts`; configuration schema, samples and set-up text come from here.
 *
 * A registry that signs the body, and whose sources may say which channel counts:
 *
 * @example
 * ```ts
 * import { z } from 'zod'
 * import { objectOf, textOf } from '../../src/contract/clean-json.ts'
 * import { NO_CHANGE, NO_MODEL } from '../../src/contract/model-event.ts'
 * import { canonicalHash, sha256Hex } from '../../receiver/sources/identity.ts'
 * import { allOf, hmacSha256, verifyHmac } from '../../receiver/sources/signature.ts'
 * import { sourceType } from '../../receiver/sources/source.ts'
 *
 * export const shelf = sourceType({
 *   type: 'shelf',
 *   title: 'Model Shelf',
 *   settings: { channel: z.string().default('stable').describe('Only releases of this channel are aliases.') },
 *   credentials: ['secrets'],
 *   signature_headers: ['x-shelf-signature'],
 *   events: { RELEASED: 'alias.added' },
 *   connect: ({ credentials: { secrets }, settings: { channel }, dedupe_ms }) => ({
 *     verify({ body, headers }) {
 *       const header = headers['x-shelf-signature']
 *       return allOf([verifyHmac({ body, name: 'X-Shelf-Signature', header, secrets })])
 *     },
 *     parse(value, { body }) {
 *       const name = textOf(objectOf(value)['model'])
 *       const key = sha256Hex(body)
 *       return [
 *         {
 *           event: {
 *             type: 'RELEASED',
 *             kind: 'alias.added',
 *             title: `${name ?? 'a model'} -> ${channel}`,
 *             author: null,
 *             occurred_at: null,
 *             test: false,
 *             own: false,
 *             model: { ...NO_MODEL, name },
 *             change: { ...NO_CHANGE, tags: [], alias: channel },
 *             run: null,
 *             metadata: {},
 *             extra: {},
 *           },
 *           identity: { rule: 'delivery', key, value: key, window_ms: dedupe_ms ?? 60_000, body_hash: key },
 *           home: name === null ? null : canonicalHash([name]),
 *           hint: null,
 *           dispatch_type: null,
 *           flat: { event_type: 'RELEASED' },
 *         },
 *       ]
 *     },
 *     sign: (body) => ({
 *       headers: { 'X-Shelf-Signature': hmacSha256(secrets[0] ?? '', body).toString('hex') },
 *     }),
 *   }),
 *   samples: { RELEASED: { model: 'resnet50' } },
 *   setup: 'In the shelf, under **Webhooks**, paste `{url}` and one of the `secrets` of this source.',
 * })
 * ```
 */
export interface SourceType<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** The value of `type:` in the configuration, e.g. `wandb`. */
  type: string
  /** For people: `Weights & Biases`. */
  title: string
  /**
   * Keys of this source beyond those that every source has (`secrets`, `access_token`, `authorization`, …). A key
   * made by `secretText` of `secrets/settings.ts` may come from `${env:}` and `${file:}`.
   */
  settings: Shape
  /** Which credentials this registry can send; configuring another is an error that names these. */
  credentials: readonly ('secrets' | 'access_token' | 'authorization')[]
  /**
   * The headers that hold the registry's signature or secret, in lower case: a request that came to a source of another
   * type is told by them in the log.
   */
  signature_headers?: readonly string[]
  /** Every event type that the registry documents, with its kind, for look-ups and hints. */
  events: Readonly<Record<string, EventKind>>
  /**
   * Returns the event types that a source names in its own settings, with their kinds: automations may name these too.
   */
  eventsOf?(settings: z.output<z.ZodObject<Shape>>): Readonly<Record<string, EventKind>>
  /**
   * Returns what is wrong with a source as a whole, which the shape of `settings` cannot tell. Never quotes a secret.
   */
  check?(
    context: Pick<SourceContext<z.output<z.ZodObject<Shape>>>, 'credentials' | 'settings'>,
  ): SourceFault[]
  /** Makes a source of its configuration, once per configuration. */
  connect(context: SourceContext<z.output<z.ZodObject<Shape>>>): ConnectedSource
  /** How the registry is asked for what its webhooks leave out; absent where it cannot be. */
  lookup?: SourceLookup
  /** Bodies to try with, by event type: real JSON that this registry sends. */
  samples: Readonly<Record<string, Json>>
  /** The set-up on the registry's side, in Markdown; `{url}` stands for the webhook URL. */
  setup: string
}

/** Returns the type as the receiver's tables hold it; `connect` is given the settings as their shape types them. */
export function sourceType<Shape extends z.ZodRawShape>(type: SourceType<Shape>): SourceType {
  return type
}

/** Returns the event type that `?event=TYPE` of the URL states, for senders whose body cannot; null without one. */
export function statedEvent({ query }: Pick<WebhookRequest, 'query'>): string | null {
  const stated = query.getAll('event')
  return stated.length === 1 && stated[0] !== '' ? (stated[0] ?? null) : null
}
