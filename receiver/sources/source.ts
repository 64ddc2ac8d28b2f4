import type { z } from 'zod'
import type { Json, ModelEvent } from '../../src/contract/model-event.ts'
import type { Identity } from './identity.ts'

/** One webhook request as it came off the wire. Nothing in it is trusted before `verify` said so. */
export interface WebhookRequest {
  /** The raw bytes of the body: signatures are checked on these, never on re-serialised JSON. */
  body: Buffer
  /** Header names in lower case. A header that came several times is joined by `, `, as Node does. */
  headers: Readonly<Record<string, string | undefined>>
  /** Now, Unix time in ms, for signed timestamps. */
  now: number
}

/** What a source is told about who may send to it. Values are the resolved secrets. */
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
 * `secret` is the index in `credentials.secrets` of the one that matched, null where the source has none.
 */
export type Verification = { ok: true; secret: number | null } | { ok: false; reason: string }

/** An event as a source understood it: everything but what the receiver adds when it accepts it. */
export interface SourceEvent {
  event: Omit<
    ModelEvent,
    'schema' | 'id' | 'received_at' | 'source' | 'synthetic' | 'repeat_of' | 'replay_of'
  >
  identity: Identity
  /** The lines to add to the registry's template, where no event could be recognised; else null. */
  hint: string | null
  /** The body's own GitHub event type where the body is GitHub-shaped (W&B's documented template), else null. */
  dispatch_type: string | null
  /** The registry's own flat fields, for the default `client_payload` and template words. Absent is "". */
  flat: Record<string, string>
}

export interface ParseContext {
  /** The configured name of the source. */
  source: string
  /** `?event=TYPE` of the URL, or null. */
  event: string | null
  /** `dedupe_seconds` of the source in ms, or null for the source type's own default. */
  dedupe_ms: number | null
  /** The raw bytes, for hashing. */
  body: Buffer
  headers: Readonly<Record<string, string | undefined>>
}

/**
 * What one registry is: how its webhooks are verified and what they mean.
 * Registered in `sources/index.ts`; configuration schema, samples and set-up text come from here.
 */
export interface SourceType {
  /** The value of `type:` in the configuration, e.g. `wandb`. */
  type: string
  /** For people: `Weights & Biases`. */
  title: string
  /** Keys of this source beyond those that every source has (`secrets`, `access_token`, `authorization`, …). */
  settings: z.ZodRawShape
  /** Which credentials this registry can send; configuring another is an error that names these. */
  credentials: readonly ('secrets' | 'access_token' | 'authorization')[]
  /** Whether the registry may send a JSON list instead of an object. */
  lists: boolean
  /** Every event type that the registry documents, with its kind, for look-ups and hints. */
  events: Readonly<Record<string, ModelEvent['kind']>>
  /**
   * Checks the raw request against every configured kind of credential: each kind that is configured must hold.
   * Never throws on hostile input.
   */
  verify(request: WebhookRequest, credentials: Credentials): Promise<Verification>
  /** Understands one verified, parsed body. Never throws on any JSON value; unknown events are `other`. */
  parse(body: Json, context: ParseContext): SourceEvent[]
  /** Bodies to try with, by event type: real JSON that this registry sends. */
  samples: Readonly<Record<string, Json>>
  /** What to paste where in the registry, in Markdown; `{url}` stands for the webhook URL. */
  setup: string
}
