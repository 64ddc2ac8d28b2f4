import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
