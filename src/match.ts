import { contradictionOf } from './contract/contradiction.ts'
import { eventNames } from './contract/event-names.ts'
import { matchesAny, matchesGlob } from './contract/glob.ts'
import type { ModelEvent } from './contract/model-event.ts'
import { wandbEventType } from './contract/wandb/events.ts'
import type { Inputs } from './inputs.ts'
import type { OutputName, Refusal } from './outputs.ts'
import { safeText } from './safe-values.ts'

/** Why a step matched or did not: the values of the output `reason`. They never change. */
export const REASONS = [
  'matched',
  'event',
  'alias',
  'model',
  'stage',
  'environment',
  'test',
  'unsafe-value',
  'contradiction',
  'no-event',
  'schema',
] as const
/** A stable code that says why an event matched or did not. */
export type Reason = (typeof REASONS)[number]

/** A decision with one sentence or two for people. The message may quote the event: it is text, not safe text. */
export interface Verdict {
  reason: Reason
  message: string
}

/** An input that limits what a step takes. */
interface Filter {
  reason: Reason
  input: 'events' | 'aliases' | 'models' | 'stages'
  /** The output that shows what is compared. */
  output: OutputName
  /** The text that a glob may fit. */
  texts: string[]
}

/**
 * Decides whether the step takes the event; `refused` are the outputs that `strict` left empty.
 * A value that was refused is never compared.
 */
export function judge(event: ModelEvent, refused: readonly Refusal[], inputs: Inputs): Verdict {
  return (
    judgeTest(event, inputs) ??
    judgeFilters(event, refused, inputs) ??
    judgeValues(refused) ??
    judgeStory(event) ??
    judgeEnvironment(event, inputs.environments) ?? {
      reason: 'matched',
      message: safeText(event.title) || 'The event matches.',
    }
  )
}

/**
 * Returns the environment that the step's own list gives the event, null where no line fits. An alias or a stage is
 * what lines are for; an event that has neither fits one by its name or kind. Case does not count, as GitHub's own
 * comparison of environments.
 */
export function environmentOf(event: ModelEvent, environments: Inputs['environments']): string | null {
  const slot = event.change.alias ?? event.change.to_stage
  const texts = (slot === null ? eventNames(event) : [slot]).map(folded)
  return (
    environments.find(({ glob }) => texts.some((text) => matchesGlob(folded(glob), text)))?.environment ??
    null
  )
}

function judgeTest({ test }: ModelEvent, { test_events }: Inputs): Verdict | null {
  if (!test || test_events === 'accept') return null
  const message = 'It is a test of the registry. Set the input test-events to accept and such tests match.'
  return { reason: 'test', message }
}

function judgeFilters(event: ModelEvent, refused: readonly Refusal[], inputs: Inputs): Verdict | null {
  for (const filter of filtersOf(event)) {
    const globs = inputs[filter.input]
    if (globs.length === 0) continue
    const refusal = refused.find(({ output }) => output === filter.output)
    if (refusal !== undefined) return unsafe(refusal)
    if (!fits(filter, globs)) return mismatch(filter, globs)
  }
  return null
}

function filtersOf(event: ModelEvent): Filter[] {
  const { model, change } = event
  const name = model?.name ?? null
  const path = name === null ? null : [model?.entity, model?.project, name].filter(Boolean).join('/')
  return [
    { reason: 'event', input: 'events', output: 'event', texts: eventNames(event) },
    { reason: 'alias', input: 'aliases', output: 'alias', texts: present(change.alias) },
    { reason: 'model', input: 'models', output: 'model', texts: present(name, path) },
    { reason: 'stage', input: 'stages', output: 'stage', texts: present(change.to_stage) },
  ]
}

/** Names of events are compared without case and under all of their spellings; everything else exactly. */
function fits({ input, texts }: Filter, globs: readonly string[]): boolean {
  if (input !== 'events') return matchesAny(globs, texts)
  const names = globs.map((glob) => folded(wandbEventType(glob) ?? glob))
  return matchesAny(names, texts.map(folded))
}

function folded(text: string): string {
  return text.toLowerCase()
}

function present(...texts: (string | null)[]): string[] {
  return texts.filter((text) => text !== null)
}

function mismatch({ reason, input, output, texts }: Filter, globs: readonly string[]): Verdict {
  const [first] = texts
  const found = first === undefined ? `The event has no ${output}` : `The ${output} is ${safeText(first)}`
  return { reason, message: `${found}. The input ${input} takes ${globs.join(', ')}.` }
}

function judgeValues([first]: readonly Refusal[]): Verdict | null {
  return first === undefined ? null : unsafe(first)
}

function unsafe({ output, flaw }: Refusal): Verdict {
  const message =
    `The value of ${output} ${flaw}. The input strict does not allow that and the output is left empty. ` +
    'Rename it in the registry.'
  return { reason: 'unsafe-value', message }
}

function judgeStory(event: ModelEvent): Verdict | null {
  const contradiction = contradictionOf(event)
  if (contradiction === null) return null
  return { reason: 'contradiction', message: `${contradiction.message} ${contradiction.fix}` }
}

function judgeEnvironment(event: ModelEvent, environments: Inputs['environments']): Verdict | null {
  if (environments.length === 0 || environmentOf(event, environments) !== null) return null
  const { alias, to_stage } = event.change
  const slot = alias ?? to_stage
  const found =
    slot === null
      ? `The event has neither alias nor stage and is ${event.kind}`
      : `The ${alias === null ? 'stage' : 'alias'} is ${safeText(slot)}`
  const taken = environments.map(({ glob }) => glob).join(', ')
  const add = `Add the line ${safeText(slot ?? event.kind)}=ENVIRONMENT to take it.`
  return { reason: 'environment', message: `${found}. The input environments has ${taken}. ${add}` }
}
