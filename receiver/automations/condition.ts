import { createRequire } from 'node:module'
import type * as Cel from '@marcbachmann/cel-js'
import type * as CelText from '@marcbachmann/cel-js/serialize'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { BOUNDED, FIND, JOIN, positionOf, rewriteCondition, SPLIT } from './condition-rules.ts'
import { LONG_LIST, LONG_TEXT, LONGEST_LIST, LongList, LongText, viewOf } from './condition-view.ts'
import { AutomationError, LONGEST_TEXT, type Pattern } from './pattern.ts'
import { plainText } from './quote.ts'
import { reasonOf } from '../observe/reason-of.ts'

/** Longest condition, in characters. */
const LONGEST_CONDITION = 2_000
/** The most that all rounds of the macros of one condition may cost: steps × KiB of the event. */
const MOST_STEPS = 100_000

/** True or false, or the sentence that says why the condition could not be answered for this event. */
export type Condition = (event: ModelEvent) => boolean | string

/** The budget of the functions of the condition being run; one runs at a time. */
interface Running {
  patterns: readonly Pattern[]
  weight: number
  steps: number
}
let running: Running = { patterns: [], weight: 1, steps: 0 }

/** Loaded with the first condition: many configurations have none, and it costs each start time and memory. */
function loadLanguage() {
  const require = createRequire(import.meta.url)
  const { Environment } = require('@marcbachmann/cel-js') as typeof Cel
  const { serialize } = require('@marcbachmann/cel-js/serialize') as typeof CelText
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 8 },
  })
    .registerVariable('event', 'dyn')
    .registerType(LONG_TEXT, LongText)
    .registerType(LONG_LIST, LongList)
    .registerFunction(`${BOUNDED}(dyn, int): dyn`, boundList)
    .registerFunction(`string.${FIND}(int): bool`, findPattern)
    .registerFunction(`string.${SPLIT}(string): list<string>`, split)
    .registerFunction(`string.${SPLIT}(string, int): list<string>`, split)
    .registerFunction(`list.${JOIN}(): string`, join)
    .registerFunction(`list.${JOIN}(string): string`, join)
  return { parse: (source: string) => environment.parse(source), serialize }
}
let language: ReturnType<typeof loadLanguage> | null = null

/**
 * Compiles a CEL condition over `event`. Its numbers are doubles; `matches` is RE2 with a pattern that is written
 * out; macros don't nest. However it is written and whatever the event holds, an answer takes bounded time.
 * @throws AutomationError with the position of what is wrong.
 */
export function compileCondition(source: string): Condition {
  if (source.length > LONGEST_CONDITION) {
    throw new AutomationError(
      'if',
      `the condition is longer than ${LONGEST_CONDITION} characters`,
      'Shorten it.',
    )
  }
  const { parse, serialize } = (language ??= loadLanguage())
  const parsed = attempt(source, () => parse(source))
  const { tree, patterns } = rewriteCondition(parsed.ast)
  checkType(source, parsed)
  const program = parse(serialize(tree as unknown as Cel.ASTNode))
  return (event) => {
    const { value, weight } = viewOf(event)
    running = { patterns, weight, steps: 0 }
    try {
      const result: unknown = program({ event: value })
      return typeof result === 'boolean' ? result : 'the condition gives no true or false for this event'
    } catch (error) {
      return explainError(error)
    }
  }
}

function attempt<T>(source: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw conditionError(source, error)
  }
}

function checkType(source: string, parsed: Cel.ParseResult): void {
  const { valid, type, error } = parsed.check()
  if (!valid) throw conditionError(source, error)
  if (type === 'bool' || type === 'dyn') return
  throw new AutomationError(
    'if',
    `the condition gives a ${type ?? 'value'}, not true or false`,
    'Compare it: `… == …`.',
  )
}

function conditionError(source: string, error: unknown): AutomationError {
  const { summary, range } = error as { summary?: string; range?: { start: number } }
  const place = range === undefined ? '' : ` (${positionOf(source, range.start)})`
  return new AutomationError(
    'if',
    `not a valid condition: ${summary ?? reasonOf(error)}${place}`,
    'Conditions are CEL over `event`, e.g. `double(event.metadata.accuracy) > 0.9`.',
  )
}

function explainError(error: unknown): string {
  const { summary, message } = error as { summary?: string; message: string }
  const said = (summary ?? message)
    .replaceAll(`${FIND}(int)`, 'matches(string)')
    .replaceAll(SPLIT, 'split')
    .replaceAll(JOIN, 'join')
  const numbers = /overload: (dyn<)?double>? [-+*/%] int|overload: int [-+*/%] (dyn<)?double/.test(said)
  return plainText(said) + (numbers ? '; numbers of an event are doubles: write 1.0 for 1' : '')
}

/** Returns the list, if going through it stays within what a condition may cost. */
function boundList(list: unknown, steps: bigint): unknown {
  if (list instanceof LongList)
    throw new Error(`a list is too long: at most ${LONGEST_LIST} items are looked at`)
  const length = list instanceof Map ? list.size : Array.isArray(list) ? list.length : null
  if (length === null) throw new Error('only a list, or a map of the event, has items to go through')
  if (length > LONGEST_LIST) throw new Error(`a list of ${length} items is too long: at most ${LONGEST_LIST}`)
  running.steps += length * Number(steps) * running.weight
  if (running.steps > MOST_STEPS) throw new Error('the condition takes too many steps for this event')
  return list
}

/** Splits as CEL's strings extension does: `most` parts, the last of them with what is left; all where it is negative. */
function split(text: string, separator: string, most = -1n): string[] {
  if (text.length > LONGEST_TEXT)
    throw new Error(`a text of ${text.length} characters is too long to split: at most ${LONGEST_TEXT}`)
  const parts = text.split(separator, LONGEST_LIST + 1)
  const wanted = Number(most)
  if (wanted === 0) return []
  if (wanted > 0 && parts.length > wanted) {
    const first = parts.slice(0, wanted - 1)
    const taken = first.reduce((sum, part) => sum + part.length + separator.length, 0)
    return [...first, text.slice(taken)]
  }
  if (parts.length > LONGEST_LIST)
    throw new Error(`a text splits into too many parts: at most ${LONGEST_LIST}`)
  return parts
}

function join(list: unknown[], separator = ''): string {
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length < list.length) throw new Error('a list with anything but texts cannot be joined')
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0)
  if (length > LONGEST_TEXT) throw new Error(`a joined text is too long: at most ${LONGEST_TEXT} characters`)
  return texts.join(separator)
}

function findPattern(text: string, index: bigint): boolean {
  return running.patterns[Number(index)]?.(text) ?? false
}
