import type { ASTNode } from '@marcbachmann/cel-js'
import { checkEventPath } from '../templates/event-shape.ts'
import { suggestWord } from '../templates/suggest.ts'
import { AutomationError, compilePattern, type Pattern } from './pattern.ts'

/** The macros that go through a list. */
const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/** Everything else that a condition may call; nothing here makes a value much larger than what it is given. */
const FUNCTIONS = new Set([
  ...['has', 'size', 'int', 'uint', 'double', 'string', 'bool', 'dyn', 'type', 'timestamp', 'duration'],
  ...['matches', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'substring'],
  ...['indexOf', 'lastIndexOf', 'split', 'join', 'getFullYear', 'getMonth', 'getDate', 'getDayOfMonth'],
  ...['getDayOfWeek', 'getDayOfYear', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
])

/** The names under which the rewritten condition calls our own functions. */
export const BOUNDED = 'bounded_list'
/** See {@link BOUNDED}. */
export const FIND = 'find_pattern'
/** The names under which the rewritten condition calls `split` and `join`: what they give is bounded. */
export const SPLIT = 'bounded_split'
/** See {@link SPLIT}. */
export const JOIN = 'bounded_join'
const BOUNDED_NAMES: ReadonlyMap<string, string> = new Map([
  ['split', SPLIT],
  ['join', JOIN],
])
/** The cost of one of them in a round of a macro, in steps: each goes through a whole text. */
const STEPS_OF_BOUNDED = 50

/** A node of a condition as `serialize` takes it. */
interface Node {
  op: string
  args: unknown
}

/** A condition as it will be run: lists are bounded before a macro goes through them, `matches` is RE2. */
export interface Rewritten {
  tree: Node
  /** The patterns of `matches`, by their index in the rewritten call. */
  patterns: Pattern[]
}

/**
 * Checks a parsed condition against what is allowed and rewrites it.
 * @throws AutomationError with the position of what is refused.
 */
export function rewriteCondition(ast: ASTNode): Rewritten {
  const patterns: Pattern[] = []
  return { tree: rewrite(ast, { patterns, in_macro: false }), patterns }
}

/** Where the rewriting is: the patterns found so far, and whether this part is run for every item of a list. */
interface Rewriting {
  patterns: Pattern[]
  in_macro: boolean
}

function rewrite(node: ASTNode, at: Rewriting): Node {
  checkPath(node)
  switch (node.op) {
    case 'call':
      checkCall(node, node.args[0])
      return { op: 'call', args: [node.args[0], node.args[1].map((item) => rewrite(item, at))] }
    case 'rcall':
      return rewriteMethod(node, node.args, at)
    default:
      return { op: node.op, args: rewriteArgs(node.args, (child) => rewrite(child, at)) }
  }
}

function rewriteMethod(
  node: ASTNode,
  [name, receiver, given]: readonly [string, ASTNode, ASTNode[]],
  at: Rewriting,
): Node {
  checkCall(node, name)
  const on = rewrite(receiver, at)
  if (name === 'matches') return findCall(node, on, given, at.patterns)
  if (!COMPREHENSIONS.has(name)) {
    const called = BOUNDED_NAMES.get(name) ?? name
    return { op: 'rcall', args: [called, on, given.map((item) => rewrite(item, at))] }
  }
  if (at.in_macro)
    throw refuse(node, `\`${name}\` stands inside another one`, 'Conditions may not nest list macros.')
  const [variable, ...body] = given
  const steps: Node = { op: 'value', args: BigInt(body.reduce((sum, item) => sum + countNodes(item), 1)) }
  const bounded: Node = { op: 'call', args: [BOUNDED, [on, steps]] }
  const inside = { ...at, in_macro: true }
  return { op: 'rcall', args: [name, bounded, [variable, ...body.map((item) => rewrite(item, inside))]] }
}

function findCall(node: ASTNode, on: Node, given: ASTNode[], patterns: Pattern[]): Node {
  const [pattern] = given
  if (given.length !== 1 || pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    throw refuse(
      node,
      '`matches` takes one pattern, written out as a string',
      'Write `x.matches("^v[0-9]+$")`.',
    )
  }
  patterns.push(compilePattern(pattern.args, 'if'))
  return { op: 'rcall', args: [FIND, on, [{ op: 'value', args: BigInt(patterns.length - 1) }]] }
}

/** Returns the position of a character in a condition, as people count: `line 1, column 7`. */
export function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}

function checkCall(node: ASTNode, name: string): void {
  if (FUNCTIONS.has(name) || (node.op === 'rcall' && COMPREHENSIONS.has(name))) return
  throw refuse(
    node,
    `\`${name}\` is not a function of conditions`,
    suggestWord(name, [...FUNCTIONS, ...COMPREHENSIONS]),
  )
}

/** Refuses `event.modle.name`: the names of an event's own fields are known. */
function checkPath(node: ASTNode): void {
  const path = pathOf(node)
  if (path === null) return
  const problem = checkEventPath(path)
  if (problem !== null) throw refuse(node, problem.message, problem.fix)
}

/** Returns the parts of `event.a.b`, or null where the node isn't such a path. */
function pathOf(node: ASTNode): string[] | null {
  if (node.op === 'id') return node.args === 'event' ? [] : null
  if (node.op !== '.') return null
  const parent = pathOf(node.args[0])
  return parent === null ? null : [...parent, node.args[1]]
}

function refuse(node: ASTNode, message: string, fix: string): AutomationError {
  return new AutomationError('if', `${message} (${positionOf(node.input, node.start)})`, fix)
}

/** Rewrites the nodes in the operands of any other operator; names and literals stay. */
function rewriteArgs(args: unknown, rewrite: (child: ASTNode) => Node): unknown {
  if (Array.isArray(args)) return args.map((item: unknown) => rewriteArgs(item, rewrite))
  return isNode(args) ? rewrite(args) : args
}

/** Returns how many steps one round through a macro takes. A pattern counts by its length. */
function countNodes(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countNodes(item), 0)
  if (!isNode(value)) return 0
  return 1 + extraSteps(value) + countNodes(value.args)
}

function extraSteps(node: ASTNode): number {
  if (node.op !== 'rcall') return 0
  const [name, , given] = node.args
  if (BOUNDED_NAMES.has(name)) return STEPS_OF_BOUNDED
  const pattern = name === 'matches' ? given[0]?.args : null
  return typeof pattern === 'string' ? pattern.length : 0
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'range' in value
}
