import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const FILES = globSync(join(ROOT, 'receiver/**/*.ts'))

/** What is called so holds something that only the sender and we may know. */
const SECRET = /secret|token|signature|digest|authorization|password|credential|hmac/i
const OPERATORS = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
])

/** Comparisons of a secret by an operator: they take as long as the part that is right. */
function operatorComparisons(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && OPERATORS.has(node.operatorToken.kind) && isOfSecret(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${file}:${line + 1}: ${node.getText()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isOfSecret({ left, right }: ts.BinaryExpression): boolean {
  const sides = [left, right]
  return sides.some((side) => SECRET.test(side.getText())) && !sides.some(isKnownToAll)
}

/** Whether something is there, empty, or how long it is, is no secret. */
function isKnownToAll(side: ts.Expression): boolean {
  const text = side.getText()
  return ts.isLiteralExpression(side) || /^(null|undefined|true|false|[A-Z][A-Z_]+|.*\.length)$/.test(text)
}

/** Comparisons of what nobody outside chooses. */
const HARMLESS = [
  // Whether the token in our cache is still the one that GitHub refused.
  'cached.token !== refused.token',
]

describe('a secret', () => {
  // Seen in convoy's webhook verifier, which compared with `!=`.
  it('is nowhere compared by an operator, whose time tells how much of a guess is right', () => {
    expect(FILES.length).toBeGreaterThan(50)
    const found = FILES.flatMap((file) =>
      operatorComparisons(relative(ROOT, file), readFileSync(file, 'utf8')),
    )
    expect(found.filter((one) => !HARMLESS.some((text) => one.endsWith(text)))).toEqual([])
  })

  it.each([
    'if (secret != given) refuse()',
    'return headers["x-signature"] === expected',
    'const ok = expected == source.access_token',
    'if (digest.toString() !== given) refuse()',
  ])('would be found in %j', (text) => {
    expect(operatorComparisons('x.ts', text)).toHaveLength(1)
  })

  // Seen in convoy's webhook verifier.
  it('is compared in constant time in one place, which all others use', () => {
    const using = (name: RegExp) =>
      FILES.filter((file) => name.test(readFileSync(file, 'utf8'))).map((file) => relative(ROOT, file))
    expect(using(/timingSafeEqual/)).toEqual(['receiver/secrets/equal.ts'])
    expect(using(/\bequalSecrets\(/)).toEqual(
      expect.arrayContaining(['receiver/api/principal.ts', 'receiver/api/session.ts']),
    )
  })
})
