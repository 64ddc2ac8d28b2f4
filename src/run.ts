import type { ReceivedEnvelope } from './contract/client-payload.ts'
import type { ModelEvent } from './contract/model-event.ts'
import { matchesGlob } from './contract/glob.ts'
import type { Inputs } from './inputs.ts'
import { judge } from './match.ts'
import type { Verdict } from './match.ts'
import { emptyOutputs, eventOutputs, withoutTargets } from './outputs.ts'
import type { Outputs } from './outputs.ts'
import type { Received } from './received.ts'

/** What a step came to. */
export interface Result extends Verdict {
  outputs: Outputs
  /** The event, null where there was none that can be read. */
  received: { event: ModelEvent; envelope: ReceivedEnvelope; hint: string | null } | null
}

/** Turns what the step was given into its outputs. Pure: it reads and writes nothing else. */
export function run(inputs: Inputs, received: Received): Result {
  if (received.found === 'event') return runEvent(inputs, received)
  const reason = received.found === 'schema' ? 'schema' : 'no-event'
  return conclude(emptyOutputs(), { reason, message: received.why }, null)
}

function runEvent(inputs: Inputs, received: Extract<Received, { found: 'event' }>): Result {
  const { event, envelope, hint } = received
  const { outputs, refused } = eventOutputs(event, envelope, inputs.strict)
  const environment = environmentOf(event, inputs.environments)
  return conclude({ ...outputs, environment }, judge(event, refused, inputs), { event, envelope, hint })
}

function environmentOf({ change }: ModelEvent, environments: Inputs['environments']): string {
  const slot = change.alias ?? change.to_stage
  if (slot === null) return ''
  return environments.find(({ glob }) => matchesGlob(glob, slot))?.environment ?? ''
}

function conclude(outputs: Outputs, verdict: Verdict, received: Result['received']): Result {
  const matched = verdict.reason === 'matched'
  const kept = matched ? outputs : withoutTargets(outputs)
  return { ...verdict, outputs: { ...kept, matched: String(matched), ...verdict }, received }
}
