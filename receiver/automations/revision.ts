import { hash } from 'node:crypto'
import type { AutomationSpec } from './automation.ts'

/** `rev_` + 20 hex digits: the SHA-256 of the spec as JSON with its keys sorted. */
export function revisionOf(spec: AutomationSpec): string {
  return `rev_${hash('sha256', canonicalJson(spec), 'hex').slice(0, 20)}`
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}
