import type { AutomationSpec } from '../../receiver/automations/automation.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { modelEvent, type EventParts } from '../support/model-event.ts'

/** The promotion of a model, with any part replaced; the alias stays unless it is replaced itself. */
export function makeEvent({ change, ...parts }: EventParts = {}): ModelEvent {
  return modelEvent({ ...parts, change: { alias: 'production', ...change } })
}

/** An automation that wants every event of the source `wandb`, with any part replaced. */
export function makeSpec(parts: Partial<AutomationSpec> = {}): AutomationSpec {
  return {
    name: 'deploy',
    description: null,
    status: 'active',
    sources: ['wandb'],
    events: ['*'],
    filter: {},
    if: null,
    order: 'strict',
    supersede: 'retrying',
    expires_after_ms: null,
    destinations: [{ type: 'toy' }],
    ...parts,
  }
}
