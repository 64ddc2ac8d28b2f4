import type { ModelEvent } from './contract/model-event.ts'
import { matchesAny } from './contract/glob.ts'
import type { Inputs } from './inputs.ts'
import type { OutputName } from './outputs.ts'
import { safeText } from './safe-values.ts'

/** Why a step matched or did not: the values of the output `reason`. They never change. */
export type Reason =
  'matched' | 'event' | 'alias' | 'model' | 'stage' | 'test' | 'unsafe-value' | 'no-event' | 'schema'

/** A decision with one sentence for people. */
export interface Verdict {
  reason: Reason
  message: string
}

/** One of the inputs that limit what a step takes. */
interface Filter {
  reason: Reason
  input: 'events' | 'aliases' | 'models' | 'stages'
  /** The output that shows what is compared. */
  output: OutputName
  /** What a glob may fit. */
  texts: string[]
}

/**
 * Decides whether the step takes the event; `refused` are the outputs that `strict` left empty.
 * A value that was refused is never compared.
 */
export function judge(event: ModelEvent, refused: readonly OutputName[], inputs: Inputs): Verdict {
  if (event.test && inputs.test_events === 'ignore') {
    return {
      reason: 'test',
      message: 'It is a test of the registry; the input test-events can accept these.',
    }
  }
  for (const filter of filtersOf(event)) {
    const globs = inputs[filter.input]
    if (globs.length === 0) continue
    if (refused.includes(filter.output)) return unsafe(filter.output)
    if (!matchesAny(globs, filter.texts)) return mismatch(filter, globs)
  }
  const [first] = refused
  if (first !== undefined) return unsafe(first)
  return { reason: 'matched', message: safeText(event.title) || 'The event matches.' }
}

function filtersOf({ type, kind, model, change }: ModelEvent): Filter[] {
  const name = model?.name ?? null
  const path = name === null ? null : [model?.entity, model?.project, name].filter(Boolean).join('/')
  return [
    { reason: 'event', input: 'events', output: 'event', texts: [type, kind] },
    { reason: 'alias', input: 'aliases', output: 'alias', texts: present(change.alias) },
    { reason: 'model', input: 'models', output: 'model', texts: present(name, path) },
    { reason: 'stage', input: 'stages', output: 'stage', texts: present(change.to_stage) },
  ]
}

function present(...texts: (string | null)[]): string[] {
  return texts.filter((text) => text !== null)
}

function mismatch({ reason, input, output, texts }: Filter, globs: readonly string[]): Verdict {
  const [first] = texts
  const found = first === undefined ? `The event has no ${output}` : `The ${output} is ${safeText(first)}`
  return { reason, message: `${found}; the input ${input} takes ${globs.join(', ')}.` }
}

function unsafe(output: OutputName): Verdict {
  const message =
    `The value of ${output} holds characters that the input strict does not allow, or is too long, ` +
    'so it is left empty.'
  return { reason: 'unsafe-value', message }
}
