import type { JsonText } from './json-text.ts'

/** An automation that was written through the API. Times are Unix ms. */
export interface StoredAutomation {
  name: string
  /** As it was written. The store does not look into it. */
  spec: JsonText<unknown>
  /** Grows with each change of any of them. */
  version: number
  created_at: number
  updated_at: number
  /** The name of the token that wrote it. */
  updated_by: string
}

/** What must hold for a change of a stored automation: that it is not there, or which version it has. */
export type Expected = { version: number } | 'absent' | 'present' | 'anything'

/** What came of a change of a stored automation. */
export type AutomationChange =
  | { outcome: 'created' | 'replaced' | 'deleted'; version: number }
  /** It is there, is not there, or has another version: `version` says which, null where it is not there. */
  | { outcome: 'unexpected'; version: number | null }
  | { outcome: 'too_many' }

/** One entry of the audit log, as it is written. */
export interface NewAuditEntry {
  /** Wall clock, Unix ms. */
  at: number
  actor: string
  address: string | null
  action: string
  target: string | null
  automation: string | null
  details: JsonText<unknown>
}

/** Which entries of the audit log a list shows. */
export interface AuditFilter {
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  /** Those that concern one of these automations. */
  automations?: readonly string[] | undefined
  /** Unix ms. */
  since?: number | undefined
  until?: number | undefined
  limit: number
  cursor?: string | undefined
}
