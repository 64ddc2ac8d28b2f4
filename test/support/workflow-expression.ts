import { Evaluator, Lexer, Parser, data } from '@actions/expressions'
import type { JsonObject } from '../../src/contract/model-event.ts'

/** How the jobs or steps before this one went, as the status functions of GitHub's expressions tell it. */
export interface Status {
  success: boolean
  failure: boolean
}

const STATUS_FUNCTION = /\b(?:success|always|failure|cancelled)\s*\(/
const WHOLE = /^\s*\$\{\{([\s\S]*)\}\}\s*$/
/** `${{ … }}`; a text in quotes inside it may hold `}}`. */
const PART = /\$\{\{((?:'[^']*'|[^'])*?)\}\}/g

/** Whether an `if:` holds, by GitHub's own evaluator. None means `success()`, as on GitHub. */
export function holds(condition: string | null, contexts: JsonObject, status: Status): boolean {
  const expression = condition === null ? 'success()' : (WHOLE.exec(condition)?.[1] ?? condition)
  const guarded = STATUS_FUNCTION.test(expression) ? expression : `success() && (${expression})`
  const value = evaluate(guarded, contexts, status)
  return value.kind === data.Kind.Boolean ? value.coerceString() === 'true' : isTruthy(value)
}

/** The text with every `${{ … }}` in it filled in. */
export function fill(text: string, contexts: JsonObject): string {
  return text.replace(PART, (_part, expression: string) => evaluate(expression, contexts).coerceString())
}

function isTruthy(value: data.ExpressionData): boolean {
  if (value.kind === data.Kind.Null) return false
  const text = value.coerceString()
  return text !== '' && !(value.kind === data.Kind.Number && (text === '0' || text === 'NaN'))
}

function evaluate(
  expression: string,
  contexts: JsonObject,
  status: Status = { success: true, failure: false },
): data.ExpressionData {
  const flags = { ...status, always: true, cancelled: false }
  const functions = Object.entries(flags).map(([name, flag]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(flag),
  }))
  const { tokens } = new Lexer(expression.trim()).lex()
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse()
  const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary
  return new Evaluator(tree, values, new Map(functions.map((entry) => [entry.name, entry]))).evaluate()
}
