import { safeText } from './safe-values.ts'

/** Every input of action.yml. */
export const INPUT_NAMES = [
  'payload',
  'events',
  'aliases',
  'models',
  'stages',
  'environments',
  'on-mismatch',
  'strict',
  'test-events',
  'show-summary',
] as const
/** The name of an input of the Action. */
export type InputName = (typeof INPUT_NAMES)[number]

/** The inputs of a step, understood. An empty list means: anything. */
export interface Inputs {
  /** JSON, or empty: the payload is then read from the workflow's event. */
  payload: string
  events: string[]
  aliases: string[]
  models: string[]
  stages: string[]
  /** In the order they were written; the first whose glob fits gives the environment. A gate where it is not empty. */
  environments: { glob: string; environment: string }[]
  on_mismatch: 'continue' | 'fail'
  strict: boolean
  test_events: 'ignore' | 'accept'
  show_summary: boolean
}

/** An input that cannot be understood. The message says which one, and what it takes. */
export class InputError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InputError'
  }
}

/**
 * Reads all inputs; `get` gives the text of one, empty when it is not set.
 * @throws InputError
 */
export function readInputs(get: (name: InputName) => string): Inputs {
  return {
    payload: get('payload'),
    events: listOf('events', get('events')),
    aliases: listOf('aliases', get('aliases')),
    models: listOf('models', get('models')),
    stages: listOf('stages', get('stages')),
    environments: listOf('environments', get('environments')).map(environmentOf),
    on_mismatch: choiceOf('on-mismatch', get('on-mismatch'), ['continue', 'fail']),
    strict: booleanOf('strict', get('strict')),
    test_events: choiceOf('test-events', get('test-events'), ['ignore', 'accept']),
    show_summary: booleanOf('show-summary', get('show-summary')),
  }
}

/** An empty list means: anything. A text without an entry meant something else, so it does not open the step to all. */
function listOf(name: InputName, text: string): string[] {
  const items = text
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '')
  if (items.length > 0 || text.trim() === '') return items
  throw new InputError(`The input ${name} has no entry. Name what it takes by comma or line or leave it out.`)
}

function environmentOf(entry: string): { glob: string; environment: string } {
  const equals = entry.indexOf('=')
  const [glob, environment] = [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()]
  if (equals < 0 || glob === '' || environment === '') {
    throw new InputError(
      `The input environments has an entry without an environment: ${safeText(entry)}. ` +
        'Write alias=environment by comma or line - for example production=prod.',
    )
  }
  return { glob, environment }
}

/** The choices; the first is the default. */
function choiceOf<T extends string>(name: InputName, text: string, choices: readonly [T, ...T[]]): T {
  if (text === '') return choices[0]
  const choice = choices.find((known) => known === text)
  if (choice === undefined) {
    throw new InputError(`The input ${name} is ${safeText(text)}. Set it to ${choices.join(' or ')}.`)
  }
  return choice
}

function booleanOf(name: InputName, text: string): boolean {
  return choiceOf(name, text.toLowerCase(), ['true', 'false']) === 'true'
}
