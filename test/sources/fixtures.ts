import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type {
  ConnectedSource,
  Credentials,
  SourceEvent,
  SourceType,
  WebhookRequest,
} from '../../receiver/sources/source.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

/** The bytes of a file below `test/fixtures`. */
export function fixture(...path: string[]): Buffer {
  return readFileSync(join(FIXTURES, ...path))
}

/** A JSON file below `test/fixtures`. */
export function jsonFixture(...path: string[]): JsonObject {
  return JSON.parse(fixture(...path).toString('utf8')) as JsonObject
}

/** Names of the JSON files in a folder below `test/fixtures`, without its provenance. */
export function fixtureNames(...path: string[]): string[] {
  return readdirSync(join(FIXTURES, ...path)).filter(
    (name) => name.endsWith('.json') && !name.startsWith('_'),
  )
}

/** Renders a template as W&B does: variables in strings are replaced, keys come sorted, without white space. */
export function renderTemplate(template: Json, values: Readonly<Record<string, string>>): string {
  return JSON.stringify(rendered(template, new Map(Object.entries(values))))
}

function rendered(value: Json, values: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') {
    return value.replace(/\$\{([^}]+)\}/g, (whole, name: string) => values.get(name) ?? whole)
  }
  if (Array.isArray(value)) return value.map((item) => rendered(item, values))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, rendered(item, values)]))
}

/** A source of the type that has no credentials but the given ones. */
export function connected(
  type: SourceType,
  given: Partial<Credentials> = {},
  { dedupe_ms = null, settings = {} }: { dedupe_ms?: number | null; settings?: Record<string, unknown> } = {},
): ConnectedSource {
  const credentials = { secrets: [], access_token: null, authorization: null, ...given }
  const parsed = z.object(type.settings).parse(settings)
  return type.connect({ name: 'test', credentials, settings: parsed, dedupe_ms })
}

/** A request with this body; `event` is what its URL states. */
export function requestOf(
  body: string | Uint8Array,
  { event = null, headers = {} }: { event?: string | null; headers?: WebhookRequest['headers'] } = {},
): WebhookRequest {
  const query = new URLSearchParams(event === null ? {} : { event })
  return { body: Buffer.from(body), headers, query, now: 0 }
}

/** What a source of the type makes of a body. */
export function parseAs(
  type: SourceType,
  body: string,
  given: { event?: string | null; dedupe_ms?: number | null } = {},
): SourceEvent[] {
  return connected(type, {}, given).parse(JSON.parse(body) as Json, requestOf(body, given))
}

/** Whether every text in a value, keys included, is valid Unicode without U+0000. */
export function isCleanText(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every((entry) => entry.every(isCleanText))
}
