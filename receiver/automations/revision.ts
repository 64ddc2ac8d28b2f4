import { hash } from 'node:crypto'
import { canonicalJson } from '../../src/contract/canonical-json.ts'
import type { Json } from '../../src/contract/model-event.ts'
import type { AutomationSpec } from './automation.ts'

/** Returns `rev_` and 20 hex digits: the SHA-256 of the spec as canonical JSON. */
export function revisionOf(spec: AutomationSpec): string {
  return `rev_${hash('sha256', canonicalJson(spec as unknown as Json), 'hex').slice(0, 20)}`
}
