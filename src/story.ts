import type { ModelEvent } from './contract/model-event.ts'
import type { Result } from './run.ts'

/** The fate of steps and jobs that do not ask for the output `matched`. */
export const UNGUARDED = 'Steps and jobs that do not check the output matched still run.'

/**
 * Returns what happened and what the step made of it, for people: the first two lines of the log, where there was an
 * event. Text of the event, not safe text.
 */
export function storyLines({ received, outputs }: Result): string[] {
  if (received === null) return []
  const { event } = received
  const parts = [
    nameOf(event),
    labelled('before', event.change.previous_version),
    labelled('environment', outputs.environment),
  ]
  const model = parts.filter((part) => part !== '').join(' - ')
  const lines = [
    `Event: ${event.title || event.type} (${event.type} of ${event.source.name || 'a registry'})`,
  ]
  return model === '' ? lines : [...lines, `Model: ${model}`]
}

/** Returns what a matched step lets run. */
export function effectOf(environment: string): string {
  const where = environment === '' ? '' : `, in the environment ${environment}`
  return `Steps and jobs that check matched == 'true' run${where}.`
}

/** The version as exactly as the event names it, else the model. */
function nameOf({ model }: ModelEvent): string {
  if (model === null) return ''
  return model.pinned ?? model.reference ?? [model.name, model.version].filter(Boolean).join(' ')
}

function labelled(label: string, text: string | null): string {
  return text === null || text === '' ? '' : `${label}: ${text}`
}
