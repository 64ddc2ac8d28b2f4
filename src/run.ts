import type { ReceivedEnvelope } from './contract/read-client-payload.ts'
import { meantEvent } from './contract/known-events.ts'
import type { ModelEvent } from './contract/model-event.ts'
import type { Inputs } from './inputs.ts'
import { environmentOf, judge, type Verdict } from './match.ts'
import { emptyOutputs, eventOutputs, withoutTargets, type Outputs } from './outputs.ts'
import type { Received } from './received.ts'
import { safeText } from './safe-values.ts'

/** The outcome of a step. */
export interface Result extends Verdict {
  outputs: Outputs
  /** The event, null where there was none that can be read. */
  received: { event: ModelEvent; envelope: ReceivedEnvelope } | null
  /** The advice for the workflow or the registry, whether the event matched or not. */
  advice: string[]
}

/** Turns what the step was given into its outputs. Pure: it reads and writes nothing else. */
export function run(inputs: Inputs, received: Received): Result {
  if (received.found === 'event') return runEvent(inputs, received)
  const verdict = {
    reason: received.found === 'schema' ? 'schema' : 'no-event',
    message: received.why,
  } as const
  const outputs = { ...emptyOutputs(), ...verdict }
  return { ...verdict, outputs, received: null, advice: misspeltEvents(inputs) }
}

function runEvent(inputs: Inputs, received: Extract<Received, { found: 'event' }>): Result {
  const { event, envelope, hint } = received
  const { outputs, refused } = eventOutputs(event, envelope, inputs.strict)
  const verdict = judge(event, refused, inputs)
  const matched = verdict.reason === 'matched'
  const environment = environmentOf(event, inputs.environments) ?? ''
  const decided = {
    matched: String(matched),
    reason: verdict.reason,
    environment,
    message: safeText(verdict.message).replaceAll(' .', '.'),
  }
  const all = { ...outputs, ...decided }
  const advice = [...misspeltEvents(inputs), ...(hint === null ? [] : [hint])]
  return { ...verdict, outputs: matched ? all : withoutTargets(all), received: { event, envelope }, advice }
}

/** A name that no registry sends never matches, and nothing else would say so. */
function misspeltEvents({ events }: Inputs): string[] {
  return events.flatMap((name) => {
    const meant = /[*?]/.test(name) ? null : meantEvent(name)
    if (meant === null) return []
    return [`The input events has ${safeText(name)}, which no registry sends. Did you mean ${meant}?`]
  })
}
