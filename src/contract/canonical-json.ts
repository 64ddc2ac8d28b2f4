import type { Json } from './model-event.ts'

/** Returns the value as JSON without white space and with sorted keys: equal values give equal texts. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(hasObject(value) ? sorted(value) : value)
}

function hasObject(value: Json): boolean {
  return Array.isArray(value) ? value.some(hasObject) : typeof value === 'object' && value !== null
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
