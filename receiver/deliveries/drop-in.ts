import type { Automation, MatchResult } from '../automations/automation.ts'
import { compileAutomation } from '../automations/compile.ts'
import type { EventContext } from '../store/records.ts'

/** Where a request for GitHub's own dispatch route is to go. */
export type DropIn = NonNullable<EventContext['drop_in']>

/** The name under which lists show what such requests led to. */
const DROP_IN_AUTOMATION = 'dispatches'

/** Returns why such a request was sent on: no automation is asked. */
export function dropInResult({ repository }: DropIn): MatchResult {
  const reason = `The request came for POST /repos/${repository}/dispatches, which asks no automation.`
  return { automation: DROP_IN_AUTOMATION, matched: true, reasons: [reason], passed: 1 }
}

/**
 * Returns the automation that stands for one repository of `dispatches`: all that comes goes there, with the body's own
 * `event_type` and `client_payload`, durable and in order like every other delivery.
 */
export function dropInAutomation(source: string, { connection, repository }: DropIn): Automation {
  return compileAutomation({
    name: DROP_IN_AUTOMATION,
    description: `What came for POST /repos/${repository}/dispatches.`,
    status: 'active',
    sources: [source],
    events: ['*'],
    filter: {},
    if: null,
    order: 'strict',
    supersede: 'retrying',
    expires_after_ms: null,
    destinations: [
      {
        type: 'repository_dispatch',
        connection,
        repository,
        event_type: null,
        client_payload: null,
        model_event: true,
        parameters: {},
      },
    ],
  })
}
