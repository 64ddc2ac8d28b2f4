import { hash } from 'node:crypto'
import { cleanJson } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'

/** Hex SHA-256 of bytes or of a text in UTF-8. */
export function sha256Hex(content: Uint8Array | string): string {
  return hash('sha256', content, 'hex')
}

/** Hex SHA-256 of a JSON value, the same whatever the order of its keys. */
export function canonicalHash(value: Json): string {
  return sha256Hex(JSON.stringify(sorted(cleanJson(value) ?? null)))
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const)
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}
