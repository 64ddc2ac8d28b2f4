import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOCUMENT, renderDocument } from './document.ts'
import { namedTests, testsOf } from './named-tests.ts'
import { REGRESSIONS } from './table.ts'

describe('the table of failures of others', () => {
  const tests = REGRESSIONS.flatMap((regression) => ('tests' in regression ? regression.tests : []))

  it('has every row from 1 to 35, in order', () => {
    expect(REGRESSIONS.map(({ row }) => row)).toEqual(Array.from({ length: 35 }, (_, n) => n + 1))
  })

  it('names only tests that there are', () => {
    const missing = tests.filter(({ file, name }) => !namedTests(file).has(name))
    expect(missing).toEqual([])
  })

  it('names every test that was written for it', () => {
    const own = globSync(join(import.meta.dirname, '*.test.ts')).filter(
      (file) => basename(file) !== 'table.test.ts',
    )
    const named = new Set(tests.map(({ name }) => name))
    for (const file of own) {
      const names = namedTests(`test/regressions/${basename(file)}`).keys()
      expect([...names].filter((name) => !named.has(name) && !HELPERS.includes(name))).toEqual([])
    }
  })

  it('says in a whole sentence what must not happen, and why a row does not apply', () => {
    for (const regression of REGRESSIONS) {
      expect(regression.must_not_happen).toMatch(/^[A-Z].+\.$/)
      if ('why_not' in regression) expect(regression.why_not).toMatch(/^[A-Z].+\.$/)
    }
  })

  it('is what docs/regressions.md says (npm run regressions)', async () => {
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(await renderDocument())
  })
})

/** Tests of the tests themselves. */
const HELPERS = ['would be found in %j', 'is not disturbed by a parser that leaves the body alone']

describe('a named test', () => {
  it('is found however it is declared', () => {
    const text = `it('a', f); test("b", f); it.each([1])('c', f); it.runIf(x)(\`d\`, f); it.each\`x\`('e', f)`
    expect([...testsOf(text).keys()]).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('is a whole sentence with what it is about', () => {
    const text = `describe('a', () => { describe.each([1])('b', () => { it('is c', f) }); it('is d', f) })`
    expect(Object.fromEntries(testsOf(text))).toEqual({ 'is c': 'a b is c', 'is d': 'a is d' })
  })

  it.each([
    "it.skip('a', f)",
    "it.todo('a')",
    "describe('a', f)",
    "// it('a', f)",
    "expect('a')",
    'it(a, f)',
  ])('is not found in %s', (text) => {
    expect([...testsOf(text)]).toEqual([])
  })
})
