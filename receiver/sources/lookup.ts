import { cleanObject, textOf } from '../../src/contract/clean-json.ts'
import type { Json, JsonObject, ModelEvent, ModelRef } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { inline } from '../secrets/redact.ts'

/** The part of an event that a look-up goes by: the registry's own words for the change. */
export type LookupEvent = Pick<ModelEvent, 'kind' | 'model' | 'change' | 'run'>

/** A request to the registry. */
export interface LookupRequest {
  method: 'GET' | 'POST'
  /** Below `base_url`, beginning with `/`. */
  path: string
  /** Parameters of the URL, unescaped. */
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  body?: JsonObject
}

/** The registry's answer; `{}` where that was no JSON object. */
export interface LookupAnswer {
  status: number
  body: JsonObject
}

/**
 * Makes one request to the registry that the source names, with its credentials. Answers that say nothing about what
 * was asked (401, 403, 429, 5xx, redirects, none at all) are thrown.
 *
 * @throws LookupTrouble
 */
export type Ask = (request: LookupRequest) => Promise<LookupAnswer>

/** The registry of one source. */
export interface Registry {
  ask: Ask
  /** Its address, without a slash at the end. */
  base_url: string
}

/** A registry's knowledge about the version that an event names, as far as it says so. */
export interface LookedUp {
  /** Fields of the model; a field that the event has already keeps its value. */
  model: Partial<ModelRef>
  /** The run that made the version, or null; an event that is about a run keeps its own fields. */
  run: JsonObject | null
  /** The version's metadata; wins over what the webhook's template sent of it as text. */
  metadata: JsonObject
  /** The registry's other words, for `event.extra.lookup`. */
  facts: JsonObject
  /** The aliases of this version now; null where the registry does not say. */
  aliases: readonly string[] | null
}

/** How a registry is asked for what its webhooks leave out: the key `lookup` of its sources. */
export interface SourceLookup {
  /** Where `base_url` is not given, or null: it must be given. */
  base_url: string | null
  /** Whether the registry answers nobody without credentials. */
  needs_key: boolean
  /** The advice on `api_key`, for people. */
  key_help: string
  /** Returns the value of the `Authorization` header. */
  authorization(api_key: string): string
  /**
   * Asks for what the event names; null where it names nothing that can be looked up.
   *
   * @throws LookupTrouble
   */
  find(event: LookupEvent, registry: Registry): Promise<LookedUp | null>
}

/** A registry did not say what it was asked. */
export class LookupTrouble extends Error implements Problem {
  readonly fix: string
  /** The registry says that there is no such thing, so that asking for long is in vain. */
  readonly missing: boolean
  /** How long the registry wants to be left alone, in ms, or null. */
  readonly retry_after_ms: number | null

  constructor(
    { message, fix }: Problem,
    { missing = false, retry_after_ms = null }: { missing?: boolean; retry_after_ms?: number | null } = {},
  ) {
    // A registry's own words are in it, as many as it likes; the event, the log and the store keep it.
    super(inline(message, []))
    this.name = 'LookupTrouble'
    this.fix = fix
    this.missing = missing
    this.retry_after_ms = retry_after_ms
  }
}

/** Returns facts without those that are absent. */
export function facts(given: Readonly<Record<string, Json | undefined>>): JsonObject {
  return cleanObject(
    Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}

/** Returns the texts of a list; what is no text is left out. */
export function texts(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).flatMap((item) => textOf(item) ?? [])
}
