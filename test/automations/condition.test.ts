import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../receiver/automations/condition.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { makeEvent } from './events.ts'

const metadata: JsonObject = {
  accuracy: '0.95',
  score: 3,
  labels: ['cat', 'dog'],
  nested: { deep: { value: true } },
  constructor: 'own',
  note: `${'a'.repeat(40)}!`,
  wide: 'word '.repeat(900).padEnd(8_000, 'x'),
  big: 'x'.repeat(20_000),
  long: Array.from({ length: 1_001 }, () => 0),
  items: Array.from({ length: 1_000 }, (_, index) => index),
}
const event = makeEvent({
  metadata,
  change: { alias: 'production', tags: ['a', 'b=c'], previous_version: 'v1' },
})

describe('a condition', () => {
  it.each([
    'event.change.alias == "production" && event.model.name.startsWith("res")',
    'double(event.metadata.accuracy) > 0.9',
    'event.metadata.score > 2 && event.metadata.score + 1.0 == 4.0',
    'has(event.metadata.nested.deep.value) && event.metadata.nested.deep.value',
    '!has(event.metadata.nothing)',
    'event.metadata["labels"][1] == "dog"',
    'event.change.tags.exists(tag, tag.startsWith("b="))',
    'event.metadata.labels.filter(label, label != "cat").map(label, label.size()) == [3]',
    '"cat" in event.metadata.labels',
    'event.metadata.constructor == "own"',
    'event.change.alias.matches("^prod(uction)?$") && !event.change.alias.matches("^x")',
    'event.change.comment == null && event.run == null',
    'event.kind in ["alias.added", "version.linked"]',
    'event.author == "jane" ? true : false',
    'timestamp(event.received_at).getFullYear() == 2026',
    'event.author != "it\'s \\"\\\\quoted\\n" // a remark',
    'event.change.previous_version == null',
    'event.change.tags.join() == "ab=c" && event.change.tags.join(", ") == "a, b=c"',
    '"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"]',
    '"abc".split("") == ["a", "b", "c"] && "abc".split("", 2) == ["a", "bc"] && "a,b".split(",", 0) == []',
    '"a,b".split(",", -1).size() == 2 && "".split(",") == [""]',
  ])('%s is true', (source) => {
    expect(compileCondition(source)(event)).toBe(true)
  })

  it.each([
    ['a key that is not there', 'event.metadata.nothing > 1', 'No such key: nothing'],
    ['a model that is not there', 'event.model.name == "a"', 'No such key: name'],
    ['a text that is no number', 'double(event.author) > 1.0', 'cannot convert to double'],
    [
      'a whole number beside a double',
      'event.metadata.score + 1 > 3',
      'numbers of an event are doubles: write 1.0 for 1',
    ],
    ['a value that is neither true nor false', 'event.metadata.score', 'no true or false'],
    ['a text that is too long', 'event.metadata.big.contains("x")', 'text_over_16384_characters'],
    [
      'a pattern on a text that is too long',
      'event.metadata.big.matches("x")',
      'text_over_16384_characters.matches(string)',
    ],
    ['a list that is too long', 'event.metadata.long.all(x, x == 0)', 'at most 1000 items'],
    [
      'a list put together that is too long',
      '(event.metadata.items + event.metadata.items).all(x, x >= 0)',
      '2000 items is too long',
    ],
    [
      'a text that splits into a list that is too long',
      '(event.metadata.note + event.metadata.wide).split("").size() > 0',
      'too many parts: at most 1000',
    ],
    [
      'texts that are too long once they are joined',
      'event.metadata.wide.split(" ").join(event.metadata.note).contains("b")',
      'a joined text is too long: at most 16384 characters',
    ],
    [
      'a text put together that is too long to split',
      '(event.metadata.wide + event.metadata.wide + event.metadata.wide).split("a") == []',
      'too long to split: at most 16384',
    ],
    ['a list of numbers to join', 'event.metadata.items.map(x, x).join() == ""', 'anything but texts'],
    [
      'a split for each of many items',
      'event.metadata.items.all(x, event.metadata.wide.split(" ").size() > 1)',
      'too many steps',
    ],
    ['a text taken for a list', 'event.author.exists(c, c == "j")', 'only a list'],
  ])('has no answer for the event with %s, and says why', (_, source, why) => {
    expect(compileCondition(source)(makeEvent({ metadata, model: null }))).toContain(why)
  })

  it.each([
    ['is not CEL', 'event.author ==', 'line 1, column 16'],
    ['has a mistake on its second line', 'event.author == "a" &&\n  event.nothing', 'line 2, column 3'],
    ['has an unknown name', 'evnt.author == "a"', 'Unknown variable: evnt (line 1, column 1)'],
    ['has an unknown field', 'event.change.allias == "a"', '`event.change` has no `allias`'],
    ['is no question', '"a" + "b"', 'gives a string'],
    ['has an unknown function', 'event.author.reverse() == "a"', '`reverse` is not a function'],
    [
      'nests macros',
      'event.metadata.a.exists(x, event.metadata.b.exists(y, x == y))',
      '`exists` stands inside another one',
    ],
    [
      'hides a macro in the list of a macro of a macro',
      'event.metadata.a.map(x, event.metadata.b.map(y, y)).size() > 0',
      'stands inside another one',
    ],
    ['binds names', 'cel.bind(a, event.author, a == a)', '`bind` is not a function'],
    ['parses data', 'b"{}".json() == {}', '`json` is not a function'],
    [
      'calls what only we may call',
      'bounded_list(event.metadata.a, 1) == []',
      '`bounded_list` is not a function',
    ],
    [
      'makes its pattern from the event',
      'event.author.matches(event.change.alias)',
      'written out as a string',
    ],
    [
      'has a pattern that repeats too much',
      'event.author.matches(".{0,1000}foo.{0,1000}y$")',
      'repeats too much: it has 4007 steps',
    ],
    ['has a broken pattern', 'event.author.matches("(")', 'RE2'],
    ['is too deep', `${'('.repeat(60)}true${')'.repeat(60)}`, 'maxDepth'],
    ['is too large', Array(600).fill('1').join('+'), 'maxAstNodes'],
    ['is too long', `event.author == "${'a'.repeat(2_000)}"`, 'longer than 2000 characters'],
  ])('is refused when it %s', (_, source, why) => {
    expect(() => compileCondition(source)).toThrow(why)
  })

  it.each([
    ['a pattern that backtracks elsewhere', 'event.metadata.note.matches("^(a+)+$")'],
    [
      'a comparison of everything for each item',
      'event.metadata.items.all(x, event.metadata == event.metadata && event == event)',
    ],
    [
      'long texts put together for each item',
      `event.metadata.items.all(x, (${Array(60).fill('event.metadata.note').join('+')}).contains("b"))`,
    ],
    ['lists put together', `(${Array(80).fill('event.metadata.items').join('+')}).size() == 1`],
    [
      'lists of lists',
      'event.metadata.items.map(x, event.metadata.items).map(x, x + x).map(x, x + x).size() == 1',
    ],
  ])('answers or gives up soon: %s', (_, source) => {
    const condition = compileCondition(source)
    const started = performance.now()
    expect(condition(event)).not.toBe(true)
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('never throws, and never takes a payload for something of JavaScript', () => {
    const keys = fc.constantFrom(
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'length',
      'size',
      'get',
      'a',
    )
    const values = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, true, 1, 'a', ''),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(keys, tie('json'), { maxKeys: 3 }),
      ),
    })).json
    const conditions = [
      'event.metadata.value.a == "a"',
      'has(event.metadata.value.constructor)',
      'event.metadata.value.exists(x, x == 1)',
      'event.metadata.value.toString == "a" || size(event.metadata.value) > 1',
    ].map(compileCondition)
    fc.assert(
      fc.property(values, (value) => {
        const given = makeEvent({ metadata: { value } as JsonObject })
        return conditions.every((condition) => ['boolean', 'string'].includes(typeof condition(given)))
      }),
    )
    expect(compileCondition('has(event.metadata.toString)')(event)).toBe(false)
  })

  it('treats equal long texts as equal', () => {
    const long = { a: 'x'.repeat(20_000), b: 'x'.repeat(20_000), c: 'y'.repeat(20_000) }
    const given = makeEvent({ metadata: long })
    expect(compileCondition('event.metadata.a == event.metadata.b')(given)).toBe(true)
    expect(compileCondition('event.metadata.a == event.metadata.c')(given)).not.toBe(true)
  })
})
