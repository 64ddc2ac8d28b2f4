import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileTemplate, renderString, TemplateError } from '../../receiver/templates/template.ts'
import type { Json, JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import { makeEvent } from '../automations/events.ts'

const event = makeEvent({
  model: { id: 'QXJ0aWZhY3Q6NTE3ODg5ODg3' },
  change: { tags: ['a', 'b'] },
  metadata: { accuracy: 0.95, notes: 'fine', nested: { deep: [1, null] }, 'with.dot': 'dotted', list: ['x'] },
})

describe('a template', () => {
  it('fills in the documented W&B words, spelled as W&B does', () => {
    const template = {
      event_author: '${event_author}',
      artifact_version: '${artifact_version}',
      artifact_version_string: '${artifact_version_string}',
      artifact_collection_name: '${artifact_collection_name}',
      project_name: '${project_name}',
      entity_name: '${entity_name}',
      event_type: '${event_type}',
      alias: '${alias}',
      tag: '${tag}',
    }
    expect(render(template)).toEqual({
      event_author: 'jane',
      artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
      artifact_version_string: 'my-team/model-registry/resnet50:production',
      artifact_collection_name: 'resnet50',
      project_name: 'model-registry',
      entity_name: 'my-team',
      event_type: 'ADD_ARTIFACT_ALIAS',
      alias: 'production',
      tag: '',
    })
  })

  it.each<[string, Json]>([
    ['${event.metadata.accuracy}', 0.95],
    ['${event.metadata.nested}', { deep: [1, null] }],
    ['${event.metadata.nested.deep.0}', 1],
    ['${event.change.tags}', ['a', 'b']],
    ['${event.change.tags.1}', 'b'],
    ['${event.change.tags.7}', null],
    ['${event.test}', false],
    ['${event.change.comment}', null],
    ['${event.metadata.nothing.at.all}', null],
    ['${event.metadata.notes.length}', null],
    ['${event.metadata.list.length}', null],
    ['${event.metadata.constructor}', null],
    ['${event.metadata.__proto__.x}', null],
    ['${event.run.id}', null],
    ['accuracy ${event.metadata.accuracy}', 'accuracy 0.95'],
    ['${event.metadata.nested}!', '{"deep":[1,null]}!'],
    ['<${event.change.comment}>', '<>'],
    ['${artifact_metadata.accuracy}', '0.95'],
    ['${artifact_metadata.with.dot}', 'dotted'],
    ['${artifact_metadata.nothing}', ''],
    ['${artifact_metadata.constructor}', ''],
    ['${alias}/${event.model.version}/${alias}', 'production/v3/production'],
    ['$${alias} and $$${alias} costs $5', '${alias} and $${alias} costs $5'],
    ['$', '$'],
    ['{alias} $alias', '{alias} $alias'],
    ['', ''],
  ])('%j gives %j', (template, value) => {
    expect(render(template)).toEqual(value)
  })

  it('leaves everything but its strings alone, keys of objects too', () => {
    const template = { '${alias}': [1, true, null, { deep: '${alias}' }] }
    expect(render(template)).toEqual({ '${alias}': [1, true, null, { deep: 'production' }] })
  })

  it('gives the name of the automation that fills it', () => {
    const template = compileTemplate('${automation_name}', { path: 'x' })
    expect(template.render({ event, flat: {}, automation: 'deploy' })).toBe('deploy')
    expect(template.render({ event, flat: {} })).toBe('')
  })

  it('tells which words it uses', () => {
    const { words } = compileTemplate(['${alias} ${event.id}', { a: '${alias}$${tag}' }], { path: 'x' })
    expect(words).toEqual(['alias', 'event.id'])
  })

  it('gives text where text is asked for', () => {
    const text = (template: string) =>
      renderString(compileTemplate(template, { path: 'x' }), { event, flat: {} })
    expect(text('${event.metadata.nested}')).toBe('{"deep":[1,null]}')
    expect(text('${event.change.comment}')).toBe('')
  })

  it.each([
    ['${artifact_colection_name}', 'is not a word', 'Did you mean `artifact_collection_name`?'],
    ['${event_typ}', 'is not a word', 'Did you mean `event_type`?'],
    ['${completely.different}', 'is not a word', 'Known here:'],
    ['${}', 'is not a word', '$${'],
    ['${ alias }', 'is not a word', 'Did you mean `alias`?'],
    ['${artifact_metadata.}', 'is not a word', 'artifact_metadata.KEY'],
    ['${event.modle.name}', '`event` has no `modle`', 'Did you mean `model`?'],
    ['${event.model.nmae}', '`event.model` has no `nmae`', 'Did you mean `name`?'],
    ['${event.title.length}', '`event.title` is a plain value', 'event.title'],
    ['${event.change.tags.first}', '`event.change.tags` is a list', 'event.change.tags.0'],
    ['${event.}', 'lacks a name', 'name'],
    ['${event.model.__proto__}', 'has no `__proto__`', 'Known here'],
    ['${alias', 'not closed', '$${'],
    ['${ACCESS_TOKEN}', 'do not work in GitHub payloads', 'GitHub Actions secrets'],
    ['${MY_SECRET_2}', 'do not work in GitHub payloads', 'GitHub Actions secrets'],
    ['${env:TOKEN}', 'run logs', 'GitHub Actions secrets'],
  ])('is refused with %s', (text, message, fix) => {
    const error = errorOf({ items: ['fine', text] })
    expect(error).toBeInstanceOf(TemplateError)
    expect(error.path).toBe('client_payload.items[1]')
    expect(error.message).toContain(message)
    expect(error.fix).toContain(fix)
  })
})

describe('a value from outside', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"}',
      '","admin":"1',
      '${alias}',
      '$${alias}',
      '${event.model.name}',
      '\u0000',
      '\ud800',
      '$&',
      "$'",
      '\\',
    ),
  )
  const template = {
    '${alias}': 'a ${alias} b',
    list: ['${tag}', '${event.metadata.value}', '${artifact_metadata.value}'],
  }

  it('never leaves its place in the tree, whatever it holds', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const rendered = render(
          template,
          makeEvent({ change: { alias: value, tag: value }, metadata: { value } }),
        )
        const clean = value.toWellFormed().replaceAll('\0', '\uFFFD')
        const expected = { '${alias}': `a ${clean} b`, list: [clean, clean, clean] }
        expect(JSON.parse(JSON.stringify(rendered))).toEqual(expected)
      }),
    )
  })

  it('is never read as a template again', () => {
    const given = makeEvent({
      change: { alias: '${tag}', tag: '${alias}' },
      metadata: { value: '${event.author}' },
    })
    expect(render('${alias}${tag}', given)).toBe('${tag}${alias}')
    expect(render('${event.metadata.value}', given)).toBe('${event.author}')
  })

  it('keeps its type and all it holds, made of clean text, when it is the whole string', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const given = makeEvent({ metadata: { value: value as Json } })
        expect(JSON.stringify(render('${event.metadata.value}', given))).toBe(JSON.stringify(value))
      }),
    )
    const dirty = makeEvent({ metadata: { value: { 'a\0': ['\ud800'] } } })
    expect(render('${event.metadata.value}', dirty)).toEqual({ 'a\uFFFD': ['\uFFFD'] })
  })

  it('cannot reach a prototype', () => {
    const metadata = JSON.parse('{"value":{"__proto__":{"polluted":true}}}') as JsonObject
    const rendered = render({ copy: '${event.metadata.value}' }, makeEvent({ metadata })) as {
      copy: JsonObject
    }
    expect(Object.keys(rendered.copy)).toEqual(['__proto__'])
    expect(rendered.copy['polluted']).toBeUndefined()
    expect(({} as JsonObject)['polluted']).toBeUndefined()
  })
})

describe('any text of a template', () => {
  it('either compiles or is refused with what to do', () => {
    const pieces = fc.constantFrom(
      '$',
      '{',
      '}',
      '${',
      '$${',
      'alias',
      'event',
      '.',
      'model',
      'x',
      '${alias}',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        try {
          compileTemplate(text, { path: 'x' }).render({ event, flat: {} })
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          expect((error as TemplateError).fix).not.toBe('')
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

function render(template: Json, given: ModelEvent = event): Json {
  return compileTemplate(template, { path: 'client_payload' }).render({ event: given, flat: {} })
}

function errorOf(template: Json): TemplateError {
  try {
    compileTemplate(template, { path: 'client_payload' })
  } catch (error) {
    return error as TemplateError
  }
  throw new Error('the template was not refused')
}
