import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/contract/glob.ts'

describe('A glob', () => {
  it.each([
    ['production', 'production', true],
    ['production', 'Production', false],
    ['prod', 'production', false],
    ['prod*', 'production', true],
    ['*tion', 'production', true],
    ['*od*t*n', 'production', true],
    ['p?oduction', 'production', true],
    ['production?', 'production', false],
    ['?', '😀', true],
    ['*', '', true],
    ['?', '', false],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['[a-z]', 'a', false],
    ['[a-z]', '[a-z]', true],
    ['acme/*', 'acme/a/b', true],
    ['*a*b', 'aab', true],
  ])('%j on %j: %s', (pattern, text, matches) => {
    expect(matchesGlob(pattern, text)).toBe(matches)
  })

  it('says the same as the regular expression it stands for', () => {
    const letters = (from: string) => fc.string({ unit: fc.constantFrom(...Array.from(from)), maxLength: 8 })
    fc.assert(
      fc.property(letters('ab*?'), letters('ab'), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
        return matchesGlob(pattern, text) === expression.test(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes no more than pattern times text, whatever they hold', () => {
    const started = performance.now()
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(16_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
