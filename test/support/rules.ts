import { FileRules } from '../../receiver/config/automation-rules.ts'

/** The rules of a configuration that names nothing. */
export const NO_RULES = new FileRules(
  { sources: new Map(), destinations: new Map() },
  { sources: new Map(), destinations: new Map(), connections: new Map(), checkUrl: () => null },
  new Map(),
)
