import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const ROOT = join(import.meta.dirname, '..', '..')

/** The tests that a file of the project holds and runs; see `testsOf`. */
export function namedTests(file: string): Map<string, string> {
  return testsOf(readFileSync(join(ROOT, file), 'utf8'))
}

/**
 * The tests in a text by their names, as they are written: first arguments of `it(…)`, `it.each(…)(…)` and so on, but
 * not of `it.skip`. Each with its whole sentence: the names of the `describe` blocks around it, then its own.
 */
export function testsOf(text: string): Map<string, string> {
  const tests = new Map<string, string>()
  const visit = (node: ts.Node, around: readonly string[]): void => {
    const name = literalName(node)
    const inside = name !== null && isCallOf(['describe'], node) ? [...around, name] : around
    if (name !== null && isCallOf(['it', 'test'], node)) tests.set(name, [...around, name].join(' '))
    ts.forEachChild(node, (child) => {
      visit(child, inside)
    })
  }
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest), [])
  return tests
}

function literalName(node: ts.Node): string | null {
  const first = ts.isCallExpression(node) ? node.arguments[0] : undefined
  return first !== undefined && ts.isStringLiteralLike(first) ? first.text : null
}

/** Whether a call is of one of these, or of whatever is reached from it, unless that doesn't run. */
function isCallOf(names: readonly string[], node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return names.includes(node.text)
  if (ts.isPropertyAccessExpression(node)) {
    return !['skip', 'todo', 'fails'].includes(node.name.text) && isCallOf(names, node.expression)
  }
  if (ts.isTaggedTemplateExpression(node)) return isCallOf(names, node.tag)
  return ts.isCallExpression(node) && isCallOf(names, node.expression)
}
