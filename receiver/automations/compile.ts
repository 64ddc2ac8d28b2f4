import type { Automation, AutomationSpec } from './automation.ts'
import { compileChecks, runChecks } from './match.ts'
import { revisionOf } from './revision.ts'

export { AutomationError } from './pattern.ts'

/**
 * Makes an automation ready to be asked.
 * @throws AutomationError when a pattern or the condition cannot work; it names the key.
 */
export function compileAutomation(spec: AutomationSpec): Automation {
  const checks = compileChecks(spec)
  return {
    spec,
    revision: revisionOf(spec),
    match: (event) => runChecks(spec.name, checks, event),
    conditions: (event) => checks.map((check) => check(event)),
  }
}
