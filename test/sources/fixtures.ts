import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type { Credentials, ParseContext } from '../../receiver/sources/source.ts'

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

/** Credentials of a source that has none but the given ones. */
export function credentials(given: Partial<Credentials>): Credentials {
  return { secrets: [], access_token: null, authorization: null, ...given }
}

/** What a source is told beside the parsed body. */
export function context(body: string | Buffer, given: Partial<ParseContext> = {}): ParseContext {
  return { source: 'test', event: null, dedupe_ms: null, body: Buffer.from(body), headers: {}, ...given }
}

/** Whether every text in a value, keys included, is valid Unicode without U+0000. */
export function isCleanText(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every((entry) => entry.every(isCleanText))
}
