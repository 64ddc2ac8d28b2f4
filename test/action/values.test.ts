import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/contract/glob.ts'
import { isSafe, safeText, safeUrl } from '../../src/safe-values.ts'

describe('a value that strict lets pass', () => {
  it.each([
    'production',
    'my-team/wandb-registry-Vision Models/resnet50:v3',
    'models:/main.ml.churn@champion',
    'jane@example.com',
    'QXJ0aWZhY3Q6NTE3ODg5ODg3==',
    'lr=0.1+2',
    '모델-1',
    'e\u0301',
    'x'.repeat(256),
    '',
  ])('may be %j', (value) => {
    expect(isSafe(value)).toBe(true)
  })

  it.each([
    '-rf',
    ' x',
    'x ',
    'a\nb',
    'a\tb',
    'a\u00a0b',
    'a\u202eb',
    'a\u200bb',
    'a\0b',
    '${x}',
    'x'.repeat(257),
    ...'"\'$`\\;|&<>(){}*?!#~^%,[]'.split('').map((character) => `a${character}b`),
  ])('may not be %j', (value) => {
    expect(isSafe(value)).toBe(false)
  })

  it('is what a cleaned text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(isSafe(safeText(text))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('is not changed by cleaning', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', 'é', '漢', '0', '.', '_', '-', '/', ':', '@', '+', '='),
      minLength: 1,
    })
    fc.assert(
      fc.property(value.filter(isSafe), (text) => {
        expect(safeText(text)).toBe(text)
      }),
    )
  })

  it('may be an https address', () => {
    expect(safeUrl('https://wandb.ai/my-team/x%20y/~z#a=b')).toBe('https://wandb.ai/my-team/x%20y/~z#a=b')
    for (const url of [
      'http://a.b',
      'javascript:x',
      'https://a b',
      'https://a/"',
      'https://a/$(id)',
      'https://:x',
    ]) {
      expect(safeUrl(url)).toBe('')
    }
  })
})

describe('a glob', () => {
  it.each([
    ['production', 'production'],
    ['prod*', 'production'],
    ['*', ''],
    ['*', 'anything/at all'],
    ['v?', 'v3'],
    ['?', '🚀'],
    ['a*b*c', 'a-b-b-c'],
    ['[a]', '[a]'],
    ['a.c', 'a.c'],
  ])('%s fits %j', (glob, text) => {
    expect(matchesGlob(glob, text)).toBe(true)
  })

  it.each([
    ['production', 'preproduction'],
    ['production', 'Production'],
    ['prod', 'production'],
    ['v?', 'v'],
    ['?', ''],
    ['a.c', 'abc'],
    ['a*b*c', 'a-c-b'],
    ['', 'a'],
  ])('%s does not fit %j', (glob, text) => {
    expect(matchesGlob(glob, text)).toBe(false)
  })

  it('means what the same regular expression means', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.', '🚀'), maxLength: 12 })
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '🚀'), maxLength: 8 })
    fc.assert(
      fc.property(globs, texts, (glob, text) => {
        const pattern = glob.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '.*')
        expect(matchesGlob(glob, text)).toBe(new RegExp(`^${pattern}$`, 'su').test(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('takes no time for a hostile text', () => {
    const started = performance.now()
    expect(matchesGlob(`${'*a'.repeat(30)}b`, 'a'.repeat(5000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
