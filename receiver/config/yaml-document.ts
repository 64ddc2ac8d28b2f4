import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Json } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { ConfigProblem } from './config.ts'
import { keyOf, problemOf, type Fault, type Path } from './problems.ts'

/** Largest configuration file, in characters. */
const LARGEST_FILE = 2 * 1024 * 1024
/** How many nodes all aliases together may expand to: enough for templates, too few for a bomb. */
const MOST_ALIASED = 1_000
/** How many values a file may hold, each use of an alias counted. */
const MOST_NODES = 200_000
/** How many mistakes of keys and aliases are shown. */
const MOST_PROBLEMS = 5

/** A YAML file as a value whose places have lines. */
export interface YamlDocument {
  value: Json
  /** The problem of a fault of this file, with its line. */
  locate: (fault: Fault) => ConfigProblem
}

/** Returns the value of a YAML text, or every problem of its form. Problems never quote the file. */
export function readYaml(file: string, text: string): YamlDocument | ConfigProblem[] {
  if (text.length > LARGEST_FILE) {
    return [
      problemOf(file, '(file)', 'the file is larger than 2 MiB', 'Split it: the path may be a directory.'),
    ]
  }
  if (text.includes('\0')) {
    return [problemOf(file, '(file)', 'is not a text: it holds NUL characters', 'Save it as UTF-8.')]
  }
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      // Its own check compares each key with all before it; ours is in keyProblems.
      uniqueKeys: false,
    })
    const malformed = formProblems(file, document, { lines, text })
    if (malformed.length > 0) return malformed
    const faults = [...keyProblems(file, document, lines), ...aliasProblems(file, document, lines)]
    if (faults.length > 0) return faults
    const value = document.toJS({ maxAliasCount: MOST_ALIASED }) as Json
    checkSize(value)
    return { value, locate: (fault) => locate(file, document, lines, fault) }
  } catch (error) {
    return [problemOf(file, '(file)', bombMessage(error), BOMB_FIX)]
  }
}

function formProblems(
  file: string,
  document: Document,
  { lines, text }: { lines: LineCounter; text: string },
): ConfigProblem[] {
  // Later ones follow from the first: the lines after a wrong indentation are no longer where they belong.
  return [...document.errors, ...document.warnings].slice(0, 1).map(({ code, message, pos }) => {
    const { line } = lines.linePos(pos[0])
    const column = (text.split('\n', line)[line - 1] ?? '').search(/\S|$/) + 1
    return { file, line, key: '(file)', ...formProblem(code, message, column) }
  })
}

/** Returns a fault of the parser as a problem. */
function formProblem(code: string, message: string, column: number): Problem {
  if (code === 'MULTIPLE_DOCS') {
    const fix = 'Remove the line `---`, or put what follows it into a file of its own in a directory.'
    return { message: 'a second document begins here', fix }
  }
  if (message.includes('call stack')) return { message: BOMB, fix: BOMB_FIX }
  if (code === 'TAB_AS_INDENT')
    return {
      message: yamlMessage(message),
      fix: 'Write spaces in place of the tabs in the indentation of this line.',
    }
  if (code === 'BAD_INDENT' || message.includes('without - indicator'))
    return {
      message: 'not valid YAML: this line is not indented as the keys that it belongs to',
      fix: `Let it begin in the same column as the keys beside it: it begins in column ${column}. Use spaces.`,
    }
  return { message: yamlMessage(message), fix: 'Check indentation and quotes at this line.' }
}

/** Returns the parser's message without the part of the file that it quotes, which may be a secret. */
function yamlMessage(message: string): string {
  const [said = ''] = message.split(/: | sequence /)
  return `not valid YAML: ${said}`
}

/** Returns the faults of keys that are not plain text, that mean something to JavaScript, or that stand there already. */
function keyProblems(file: string, document: Document, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const report = (key: unknown, problem: Problem) =>
    problems.push({ file, line: lineOf(key, lines), key: '(file)', ...problem })
  visit(document, {
    Map(_, { items }) {
      const before = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key) || isMerge(key)) continue
        const name = String(key.value)
        if (before.has(name)) report(key, secondTime(name))
        before.add(name)
      }
    },
    Pair(_, { key }) {
      if (isScalar(key) && key.value !== '__proto__' && key.value !== null && !(key.value instanceof Date))
        return
      report(key, { message: 'this key cannot be used', fix: 'Use a plain word as key.' })
    },
  })
  return problems.slice(0, MOST_PROBLEMS)
}

const isMerge = (key: Scalar) => key.source === '<<'

function secondTime(key: string): Problem {
  const which = /^[\w.-]{1,80}$/.test(key) ? `the key \`${key}\`` : 'a key'
  return { message: `${which} stands here for the second time`, fix: 'Keep one of the two.' }
}

/** Returns the faults of aliases without an anchor before them. Names are not shown: a secret may begin with `*`. */
function aliasProblems(file: string, document: Document, lines: LineCounter): ConfigProblem[] {
  const anchors = new Set<string>()
  const problems: ConfigProblem[] = []
  visit(document, {
    Alias(_, node) {
      if (anchors.has(node.source)) return
      const message = 'an alias (`*name`) stands here, and no anchor (`&name`) of this name comes before it'
      const fix = 'Correct the name, or put the text in quotes if it is none.'
      problems.push({ file, line: lineOf(node, lines), key: '(file)', message, fix })
    },
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor)
    },
  })
  return problems.slice(0, MOST_PROBLEMS)
}

const BOMB = 'the file holds too many values, holds itself, or is nested too deeply'
const BOMB_FIX = 'Write the repeated parts out, or nest less deeply.'

/**
 * Checks that a value neither contains itself nor has become huge by its aliases.
 * @throws RangeError
 */
function checkSize(value: Json): void {
  let nodes = 0
  const count = (item: Json): void => {
    if (++nodes > MOST_NODES) throw new RangeError('too many values')
    if (item !== null && typeof item === 'object') Object.values(item).forEach(count)
  }
  count(value)
}

function bombMessage(error: unknown): string {
  if (error instanceof ReferenceError) return 'aliases (`*name`) stand for too many values'
  if (error instanceof RangeError) return BOMB
  return 'the file cannot be read as YAML'
}

function locate(file: string, document: Document, lines: LineCounter, fault: Fault): ConfigProblem {
  const { path, message, fix } = fault
  const line = lineOf(nodeAt(document, path, fault.at_key ?? false), lines)
  return { file, line, key: keyOf(path), message, fix }
}

/** Returns the node of a place, or of the nearest place around it that exists. */
function nodeAt(document: Document, path: Path, atKey: boolean): unknown {
  let node: unknown = document.contents
  for (const [index, part] of path.entries()) {
    const holder = resolve(document, node)
    const last = index === path.length - 1
    if (isMap(holder)) {
      const pair = pairAt(document, holder, String(part))
      if (pair === null) return node
      node = last && (atKey || !isNode(pair.value)) ? pair.key : pair.value
    } else if (isSeq(holder)) node = holder.items[Number(part)] ?? node
    else return node
  }
  return node
}

function pairAt(document: Document, map: YAMLMap, key: string): Pair | null {
  const { own, merges } = pairsOf(map)
  const found = own.get(key)
  if (found !== undefined) return found
  for (const pair of merges) {
    const merged = resolve(document, pair.value)
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const from = resolve(document, source)
      const found = isMap(from) ? pairAt(document, from, key) : null
      if (found !== null) return found
    }
  }
  return null
}

/** The pairs of a map: made once, since a file can have a mistake at every key. */
interface Pairs {
  own: ReadonlyMap<string, Pair>
  merges: readonly Pair[]
}

const known = new WeakMap<YAMLMap, Pairs>()

function pairsOf(map: YAMLMap): Pairs {
  const before = known.get(map)
  if (before !== undefined) return before
  const named = map.items.flatMap((pair): [string, Pair][] =>
    isScalar(pair.key) ? [[String(pair.key.value), pair]] : [],
  )
  const merges = map.items.filter(({ key }) => isScalar(key) && isMerge(key))
  const pairs = { own: new Map(named), merges }
  known.set(map, pairs)
  return pairs
}

function resolve(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)
}

function lineOf(node: unknown, lines: LineCounter): number {
  const inner = isPair(node) ? node.key : node
  const offset = isNode(inner) ? (inner.range?.[0] ?? 0) : 0
  return lines.linePos(offset).line
}
