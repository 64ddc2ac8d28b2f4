import { describe, expect, it } from 'vitest'
import type { AutomationSpec, Filter } from '../../receiver/automations/automation.ts'
import { AutomationError, compileAutomation } from '../../receiver/automations/compile.ts'
import { conditionsOf, explainEvent } from '../../receiver/automations/explain.ts'
import { nearestMiss } from '../../receiver/automations/why-none.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { makeEvent, makeSpec } from './events.ts'

describe('an automation', () => {
  it('matches when all its checks hold, and says each', () => {
    const spec = makeSpec({
      events: ['alias.added'],
      filter: { registry: 'model', alias: ['prod*', 'live'], alias_regex: '^p' },
      if: 'event.author == "jane"',
    })
    expect(match(spec, makeEvent())).toEqual({
      automation: 'deploy',
      matched: true,
      passed: 7,
      reasons: [
        'status: active',
        'source: "wandb"',
        'events: "ADD_ARTIFACT_ALIAS" is wanted by alias.added',
        'filter.registry: "model" matches "model"',
        'filter.alias: "production" matches "prod*" or "live"',
        'filter.alias_regex: "production" matches /^p/',
        'if: true',
      ],
    })
  })

  it.each<[string, Partial<AutomationSpec>, string, number]>([
    ['disabled', { status: 'disabled' }, 'status: the automation is disabled', 0],
    ['in test mode', { status: 'test_mode' }, 'status: test_mode fires only when it is tested', 0],
    ['of another source', { sources: ['mlflow', 'ws'] }, 'source: "wandb" is not one of mlflow, ws', 1],
    [
      'of another event',
      { events: ['LINK_ARTIFACT'] },
      'events: "ADD_ARTIFACT_ALIAS" (alias.added) is not one of LINK_ARTIFACT',
      2,
    ],
    [
      'of another alias',
      { filter: { alias: 'staging' } },
      'filter.alias: "production" does not match "staging"',
      3,
    ],
    [
      'of an alias in other letters',
      { filter: { alias: 'Production' } },
      'filter.alias: "production" does not match "Production"',
      3,
    ],
    [
      'with a pattern that is not there',
      { filter: { alias_regex: '^rod' } },
      'filter.alias_regex: "production" does not match /^rod/',
      3,
    ],
    ['of a tag where there is none', { filter: { tag: '*' } }, 'filter.tag: the event has no tag', 3],
    [
      'with a condition that is false',
      { if: 'event.author == "joe"' },
      'if: `event.author == "joe"` is false',
      3,
    ],
  ])('%s does not match, and says why', (_, parts, reason, passed) => {
    const result = match(makeSpec(parts), makeEvent())
    expect(result.matched).toBe(false)
    expect(result.passed).toBe(passed)
    expect(result.reasons.at(-1)).toBe(reason)
    expect(result.reasons).toHaveLength(passed + 1)
  })

  it.each<[keyof Filter, ModelEvent]>([
    ['entity', makeEvent({ model: { entity: 'wanted' } })],
    ['project', makeEvent({ model: { project: 'wanted' } })],
    ['registry', makeEvent({ model: { registry: 'wanted' } })],
    ['model', makeEvent({ model: { name: 'wanted' } })],
    ['author', makeEvent({ author: 'wanted' })],
    ['alias', makeEvent({ change: { alias: 'wanted' } })],
    ['tag', makeEvent({ change: { tag: 'wanted' } })],
    ['from_stage', makeEvent({ change: { from_stage: 'wanted' } })],
    ['to_stage', makeEvent({ change: { to_stage: 'wanted' } })],
    ['alias_regex', makeEvent({ change: { alias: 'the wanted one' } })],
    ['tag_regex', makeEvent({ change: { tag: 'the wanted one' } })],
  ])('filters by %s', (field, event) => {
    const spec = makeSpec({ filter: { [field]: 'wanted' } })
    expect(match(spec, event).matched).toBe(true)
    expect(match(spec, makeEvent({ model: null, author: null, change: { alias: null } })).matched).toBe(false)
  })

  it.each(['stage=prod', 'stage', 'second', 'st*=p?od', 'plain'])(
    'finds the tag %s among all tags of an event',
    (tag) => {
      const event = makeEvent({ change: { tag: 'stage=prod', tags: ['stage=prod', 'second=2', 'plain'] } })
      expect(match(makeSpec({ filter: { tag } }), event).matched).toBe(true)
      expect(match(makeSpec({ filter: { tag: 'prod' } }), event).matched).toBe(false)
    },
  )

  it('shows hostile values bounded and escaped', () => {
    const alias = `a\n\u001b[31m\u202e"${'x'.repeat(1_000)}`
    const reason =
      match(makeSpec({ filter: { alias: 'b' } }), makeEvent({ change: { alias } })).reasons.at(-1) ?? ''
    expect(reason).toMatch(/^filter\.alias: "a\\u000a\\u001b\[31m\\u202e\\"x+…" does not match "b"$/)
    expect(reason.length).toBeLessThan(150)
  })

  it('does not look at a value that no name is as long as', () => {
    const event = makeEvent({ change: { alias: 'a'.repeat(1_000_000) } })
    expect(match(makeSpec({ filter: { alias: '*a*a*a*b' } }), event).reasons.at(-1)).toMatch(
      /longer than 16384/,
    )
    expect(match(makeSpec({ filter: { alias_regex: '(a+)+b' } }), event).matched).toBe(false)
  })

  it.each(['(a+)+$', '(a|aa)+$', '^(a|a?)+$', '(.*a){20}$', '(a?){100}a{100}$'])(
    'tries %s in linear time',
    (alias_regex) => {
      const event = makeEvent({ change: { alias: `${'a'.repeat(16_000)}!` } })
      const started = performance.now()
      expect(match(makeSpec({ filter: { alias_regex } }), event).matched).toBe(false)
      expect(performance.now() - started).toBeLessThan(20_000)
    },
  )

  it('is refused with a broken pattern or condition, which the error names', () => {
    expect(() => compileAutomation(makeSpec({ filter: { tag_regex: '[' } }))).toThrow(AutomationError)
    expect(() => compileAutomation(makeSpec({ if: 'event.' }))).toThrow(
      expect.objectContaining({ path: 'if' }) as Error,
    )
  })
})

describe('the revision of an automation', () => {
  it('is the same for the same text, in whatever order its keys are written', () => {
    const spec = makeSpec({ filter: { alias: 'a', tag: 'b' } })
    const turned = Object.fromEntries(Object.entries(spec).reverse()) as unknown as AutomationSpec
    const { revision } = compileAutomation(spec)
    expect(revision).toMatch(/^rev_[0-9a-f]{20}$/)
    expect(compileAutomation({ ...turned, filter: { tag: 'b', alias: 'a' } }).revision).toBe(revision)
  })

  it('is another one when anything changes', () => {
    const revisions = [
      {},
      { status: 'disabled' },
      { sources: ['b'] },
      { if: 'true' },
      { destinations: [] },
    ] as const
    const seen = revisions.map(
      (parts) => compileAutomation(makeSpec(parts as Partial<AutomationSpec>)).revision,
    )
    expect(new Set(seen).size).toBe(revisions.length)
  })
})

describe('an automation of every source', () => {
  const spec = makeSpec({ sources: ['*'] })

  it('hears each of them', () => {
    for (const name of ['wandb', 'mlflow', 'one-to-come'])
      expect(match(spec, makeEvent({ source: { name, type: 'wandb' } }))).toMatchObject({ matched: true })
  })

  it('never hears the receiver itself: an alert that fails must not raise another', () => {
    const alert = makeEvent({ source: { name: 'model-dispatch', type: 'model-dispatch' } })
    expect(match(spec, alert)).toMatchObject({ matched: false, passed: 1 })
  })
})

describe('the conditions of an automation', () => {
  it('are all asked, also behind the first that fails', () => {
    const spec = makeSpec({ status: 'disabled', filter: { alias: 'a', tag: 't' } })
    expect(compileAutomation(spec).conditions(makeEvent())).toEqual([
      { holds: false, reason: 'status: the automation is disabled' },
      { holds: true, reason: 'source: "wandb"' },
      { holds: true, reason: 'events: "ADD_ARTIFACT_ALIAS" is wanted by *' },
      { holds: false, reason: 'filter.alias: "production" does not match "a"' },
      { holds: false, reason: 'filter.tag: the event has no tag' },
    ])
  })

  it('are headed by what keeps the event from all of them', () => {
    const automations = [compileAutomation(makeSpec())]
    const [conditions] = conditionsOf(automations, makeEvent(), { entity: ['other'] })
    expect(conditions?.[0]).toEqual({
      holds: false,
      reason: 'allow.entity: the source does not take "my-team"',
    })
    expect(conditions).toHaveLength(4)
  })
})

describe('explaining an event', () => {
  it('asks all of 500 automations', () => {
    const automations = Array.from({ length: 500 }, (_, index) =>
      compileAutomation(makeSpec({ name: `a${index}`, if: `event.metadata.index == ${index % 250}` })),
    )
    const results = explainEvent(automations, makeEvent({ metadata: { index: 7 } }))
    expect(results.map(({ automation }) => automation)).toEqual(automations.map(({ spec }) => spec.name))
    expect(results.filter(({ matched }) => matched).map(({ automation }) => automation)).toEqual([
      'a7',
      'a257',
    ])
  })

  it('matches nothing outside of what the source may speak about', () => {
    const automations = [compileAutomation(makeSpec())]
    const reasonFor = (event: ModelEvent, allow: Record<string, string[]>) =>
      explainEvent(automations, event, allow)[0]?.reasons.at(-1)
    expect(
      explainEvent(automations, makeEvent(), { entity: ['my-*'], model: ['a', 'resnet50'] })[0]?.matched,
    ).toBe(true)
    expect(reasonFor(makeEvent(), { entity: ['other'] })).toBe(
      'allow.entity: the source does not take "my-team"',
    )
    expect(reasonFor(makeEvent({ model: null }), { model: ['*'] })).toBe(
      'allow.model: the event has no model',
    )
  })
})

describe('the nearest miss', () => {
  const specs = [
    makeSpec({ name: 'off', status: 'disabled' }),
    makeSpec({ name: 'elsewhere', sources: ['mlflow'] }),
    makeSpec({ name: 'other-event', events: ['LINK_ARTIFACT'] }),
    makeSpec({ name: 'almost', filter: { registry: 'model', alias: 'staging' } }),
    makeSpec({ name: 'almost-too', filter: { registry: 'model', alias: 'live' } }),
  ]

  it('is the automation with the most checks held, the first of equals', () => {
    const results = explainEvent(specs.map(compileAutomation), makeEvent())
    expect(nearestMiss(results)).toMatchObject({ automation: 'almost', passed: 4 })
  })

  it('is never one of another source, nor one that matched', () => {
    const results = explainEvent([makeSpec(), ...specs.slice(1, 2)].map(compileAutomation), makeEvent())
    expect(nearestMiss(results)).toBe(null)
    expect(nearestMiss([])).toBe(null)
  })
})

function match(spec: AutomationSpec, event: ModelEvent) {
  return compileAutomation(spec).match(event)
}

describe("a registry's own test", () => {
  const matched = (condition: string | null, test: boolean) =>
    match(makeSpec({ events: ['*'], if: condition }), makeEvent({ test })).matched

  it('is heard only by an automation whose condition asks for tests', () => {
    expect(matched(null, true)).toBe(false)
    expect(matched('event.kind != ""', true)).toBe(false)
    expect(matched('event.test', true)).toBe(true)
    expect(matched('event.test', false)).toBe(false)
    expect(matched('!event.test', false)).toBe(true)
  })
})
