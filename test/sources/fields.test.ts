import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fieldSettings } from '../../receiver/sources/fields/settings.ts'
import { hmac } from '../../receiver/sources/hmac/hmac.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { connected, isCleanText, requestOf } from './fixtures.ts'

function parse(
  body: Json,
  fields: JsonObject,
  given: { kinds?: JsonObject; headers?: Record<string, string> } = {},
) {
  const { kinds = {}, headers = {} } = given
  return connected(hmac, {}, { settings: { fields, kinds } }).parse(
    body,
    requestOf(JSON.stringify(body), { headers }),
  )
}

describe('a field', () => {
  const valueAt = (path: string, body: Json) => parse(body, { type: 't', model: path })[0]?.event.model?.name

  it.each<[string, Json, string | undefined]>([
    ['a', { a: 'x' }, 'x'],
    ['a.b', { a: { b: 'x' } }, 'x'],
    ['a[1].b', { a: [{}, { b: 'x' }] }, 'x'],
    ['a[1]', { a: 'not a list' }, undefined],
    ['a["b.c"]', { a: { 'b.c': 'x' } }, 'x'],
    ['$.a', { a: 'x' }, 'x'],
    ['a', { a: 7 }, '7'],
    ['a', { a: { b: 1 } }, undefined],
    ['a.length', { a: 'text' }, undefined],
    ['constructor.name', {}, undefined],
    ['__proto__.x', { __proto__: { x: 'no' } }, undefined],
  ])('is read at %s', (path, body, value) => {
    const event = { t: 'version.created', ...(body as JsonObject) }
    expect(valueAt(path, event)).toBe(value)
  })

  it.each(['', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a[-1]', 'a[*].b[*]', '$a', 'a b', '["a'])(
    'cannot be at "%s", which is told when the configuration is read',
    (path) => {
      const { success } = z.object(fieldSettings).safeParse({ fields: { model: path } })
      expect(success).toBe(false)
    },
  )

  it('may come from a header, and a type from several places', () => {
    const fields = { type: [{ header: 'X-GitHub-Event' }, 'action'], model: { header: 'X-Model' } }
    const headers = { 'x-github-event': 'release', 'x-model': 'resnet50' }
    const [release] = parse({ action: 'published' }, fields, { headers })
    expect(release?.event).toMatchObject({ type: 'release.published', model: { name: 'resnet50' } })
    const [ping] = parse({}, fields, { headers: { 'x-github-event': 'ping' } })
    expect(ping?.event.type).toBe('ping')
  })

  it('is flat, too, for templates and the default client_payload', () => {
    const fields = { type: 't', model: 'm', alias: 'labels[*]' }
    const flats = parse({ t: 'alias.added', m: 'resnet50', labels: ['a', 'b'] }, fields).map(
      ({ flat }) => flat,
    )
    expect(flats).toEqual(
      ['a', 'b'].map((alias) => ({ event_type: 'alias.added', model: 'resnet50', alias })),
    )
  })

  it.each<[Json, string | null]>([
    ['2026-11-27T10:30:00+01:00', '2026-11-27T09:30:00.000Z'],
    [1_795_771_800, '2026-11-27T09:30:00.000Z'],
    [1_795_771_800_123, '2026-11-27T09:30:00.123Z'],
    ['1795771800', '2026-11-27T09:30:00.000Z'],
    ['2026-11-27', null],
    [-1, null],
    [1e300, null],
    [{}, null],
  ])('of a time can be %j', (value, time) => {
    expect(parse({ t: 'x', at: value }, { type: 't', occurred_at: 'at' })[0]?.event.occurred_at).toBe(time)
  })

  it('of a page takes http addresses only', () => {
    const urlOf = (url: string) =>
      parse({ t: 'x', url }, { type: 't', url: 'url' })[0]?.event.model?.url ?? null
    expect(urlOf('https://models.example/3')).toBe('https://models.example/3')
    expect(urlOf('javascript:alert(1)')).toBeNull()
  })
})

describe('a kind', () => {
  const fields = { type: 't', alias: 'labels[*]' }
  const kinds = { 'prompt-version.updated': 'alias.added' }

  it.each<[JsonObject, string]>([
    [{ t: 'prompt-version.updated', labels: ['a'] }, 'alias.added'],
    [{ t: 'prompt-version.updated', labels: [] }, 'other'],
    [{ t: 'version.created' }, 'version.created'],
    [{ t: 'anything' }, 'other'],
    [{ t: 'toString' }, 'other'],
  ])('of %j is %s', (body, kind) => {
    expect(parse(body, fields, { kinds })[0]?.event.kind).toBe(kind)
  })
})

describe('a list', () => {
  const updates = [
    { name: 'a', version: 1 },
    { name: 'b', version: 2 },
  ]
  const names = (body: Json, fields: JsonObject) =>
    parse(body, { type: '$.t', ...fields }).map(
      ({ event }) => `${event.model?.name ?? '-'} ${event.model?.version ?? '-'}`,
    )

  it('in the body is one event for each element, with paths from the element or from $', () => {
    const body = { t: 'version.created', updates }
    expect(names(body, { items: 'updates', model: 'name', version: 'version' })).toEqual(['a 1', 'b 2'])
    expect(names(body, { model: 'updates[*].name', version: 'updates[*].version' })).toEqual(['a 1', 'b 2'])
  })

  it('can be the whole body, and one object counts as a list of one', () => {
    const fields = { items: '$', type: 't', model: 'name', version: 'version' }
    const list = updates.map((each) => ({ t: 'version.created', ...each }))
    expect(names(list, fields)).toEqual(['a 1', 'b 2'])
    expect(names(list[0] ?? null, fields)).toEqual(['a 1'])
  })

  it('gives each event an identity of its own, the same when the request comes again', () => {
    const fields = { items: 'updates', type: '$.t', model: 'name' }
    const settings = { fields, delivery_id: 'X-Id' }
    const request = requestOf('{}', { headers: { 'x-id': '1' } })
    const keys = () =>
      connected(hmac, {}, { settings })
        .parse({ t: 'x', updates }, request)
        .map(({ identity }) => identity.key)
    expect(new Set(keys()).size).toBe(2)
    expect(keys()).toEqual(keys())
  })

  it.each<[Json]>([[[]], [{ updates: [] }], [{ updates: 'none' }], [null]])(
    'without an element (%j) is one event that says what is missing',
    (body) => {
      const [event, ...others] = parse(body, { items: 'updates', type: 't' })
      expect(others).toEqual([])
      expect(event).toMatchObject({
        event: { type: 'UNKNOWN' },
        hint: expect.stringContaining('fields.type') as string,
      })
    },
  )

  it('of more than 1,000 events is one event that says so', () => {
    const fields = { items: '$', type: 't', alias: 'a[*]' }
    const many = (n: number) => parse([{ t: 'x', a: Array.from({ length: n }, String) }], fields)
    expect(many(1_000)).toHaveLength(1_000)
    expect(many(1_001)).toMatchObject([{ hint: expect.stringContaining('1000') as string }])
  })

  it('of any JSON gives events that are plain JSON with a title that fits', () => {
    const anyJson = fc.json({ stringUnit: 'binary', maxDepth: 4 }).map((text) => JSON.parse(text) as Json)
    const element = fc.dictionary(fc.constantFrom('t', 'name', 'a', 'b', 'at', 'url'), anyJson)
    const bodies = fc.oneof(anyJson, fc.array(fc.oneof(element, anyJson)))
    const fields = {
      ...{ items: '$', type: ['t', { header: 'x-type' }], model: 'name', alias: 'a[*]', tag: 'b[*].c' },
      ...{ occurred_at: 'at', url: 'url', metadata: 'b', version: 'a[0]' },
    }
    fc.assert(
      fc.property(bodies, fc.string({ unit: 'binary' }), (body, type) => {
        const events = parse(body, fields, { kinds: { x: 'tag.added' }, headers: { 'x-type': type } })
        expect(events.length).toBeGreaterThan(0)
        expect(JSON.parse(JSON.stringify(events))).toEqual(events)
        expect(isCleanText(events)).toBe(true)
        expect(events.every(({ event }) => event.title.length <= 120)).toBe(true)
      }),
    )
  })
})
