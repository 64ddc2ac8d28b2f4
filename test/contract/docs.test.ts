import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { DATABRICKS_EVENTS } from '../../src/contract/databricks/events.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { modelDispatch } from '../../receiver/sources/model-dispatch.ts'
import { encodeClientPayload } from '../../src/contract/client-payload.ts'
import { EVENT_KINDS, type JsonObject } from '../../src/contract/model-event.ts'
import { decodeClientPayload } from '../../src/contract/read-client-payload.ts'
import { WANDB_EVENTS } from '../../src/contract/wandb/events.ts'
import { contractExample, named, readProject, tableUnder } from './markdown.ts'

describe('docs/contract.md', () => {
  const CONTRACT = readProject('docs/contract.md')

  it('shows a client_payload with every field, as the receiver makes it', () => {
    const example = contractExample()
    const decoded = decodeClientPayload(example)
    if (decoded === null) throw new Error('The example has no model_event.')
    const { event, envelope } = decoded
    const flat = Object.fromEntries(Object.entries(example).filter(([name]) => name !== 'model_event'))
    expect(encodeClientPayload(event, flat as Record<string, string>, envelope)).toEqual(example)
  })

  it('has a row for every field of the event and of its envelope', () => {
    const { model_event } = contractExample() as { model_event: JsonObject }
    const rows = [...tableUnder(CONTRACT, '## The event'), ...tableUnder(CONTRACT, '### `model_event`')]
    const words = rows.map(([cell = '']) => cell).join(' ')
    const { model, change, ...fields } = model_event
    const nested = (prefix: string, object: unknown) =>
      Object.keys(object as JsonObject).filter(
        (name) => !words.includes(`\`${prefix}.${name}\``) && !words.includes(`\`.${name}\``),
      )
    expect(Object.keys(fields).filter((name) => !words.includes(named(name)))).toEqual([])
    expect(nested('model', model)).toEqual([])
    expect(nested('change', change)).toEqual([])
  })

  it('has every kind that a source can give, with the events that are of it', () => {
    const rows = new Map(
      tableUnder(CONTRACT, '### Kinds').map(([kind = '', ...cells]) => [kind, cells.join(' ')]),
    )
    expect([...rows.keys()]).toEqual(EVENT_KINDS.map(named))
    for (const [type, kind] of Object.entries({ ...WANDB_EVENTS, ...DATABRICKS_EVENTS })) {
      expect(rows.get(named(kind)), type).toContain(named(type))
    }
  })
})

describe('docs/configuration.md', () => {
  interface Schema {
    properties?: Record<string, Schema>
    additionalProperties?: Schema
    items?: Schema
    oneOf?: Schema[]
    default?: unknown
  }
  const CONFIGURATION = readProject('docs/configuration.md')
  const schema = JSON.parse(readProject('schemas/model-dispatch.schema.json')) as Schema

  const part = (...path: string[]): Schema =>
    path.reduce<Schema>((at, name) => (at as Record<string, Schema>)[name] ?? {}, schema)
  const automation = ['properties', 'automations', 'items', 'properties']
  const SECTIONS: [string, Schema[]][] = [
    ['## Top level', [schema]],
    [
      '## `sources.NAME`',
      (part('properties', 'sources', 'additionalProperties').oneOf ?? []).map(withoutOwnKeys),
    ],
    [
      '### `sources.NAME.allow`',
      (part('properties', 'sources', 'additionalProperties').oneOf ?? []).map(
        ({ properties }) => properties?.['allow'] ?? {},
      ),
    ],
    ['## `github.NAME`', [part('properties', 'github', 'additionalProperties')]],
    ['## `automations[]`', [part('properties', 'automations', 'items')]],
    ['### `automations[].filter`', [part(...automation, 'filter')]],
    ['## `retention`', [part('properties', 'retention')]],
    ['## `limits`', [part('properties', 'limits')]],
    ['## `admin.tokens[]`', [part('properties', 'admin', 'properties', 'tokens', 'items')]],
  ]

  /** A source type's own keys stand on its page. */
  function withoutOwnKeys(schema: Schema): Schema {
    const own = new Set(Array.from(SOURCE_TYPES.values(), ({ settings }) => Object.keys(settings)).flat())
    const shared = Object.entries(schema.properties ?? {}).filter(([key]) => !own.has(key))
    return { ...schema, properties: Object.fromEntries(shared) }
  }

  it.each(SECTIONS)('%s has every key of the schema with its default', (heading, schemas) => {
    const keys = new Map(schemas.flatMap(({ properties }) => Object.entries(properties ?? {})))
    expect(keys.size).toBeGreaterThan(0)
    const documented = tableUnder(CONFIGURATION, heading).map(([key, value]) => [key, value])
    const expected = Array.from(keys, ([key, { default: value }]) => [named(key), defaultText(value)])
    expect(new Map(documented as [string, string][])).toEqual(new Map(expected as [string, string][]))
  })

  it('names every type of destination, with the page that has its keys', () => {
    const linked = tableUnder(CONFIGURATION, '### `automations[].destinations[]`').map(([type]) => type)
    const expected = Array.from(
      DESTINATION_TYPES.keys(),
      (type) => `[${named(type)}](destinations/${type}.md)`,
    )
    expect(linked).toEqual(expected)
  })

  it("has every event of the receiver's own", () => {
    const names = tableUnder(CONFIGURATION, "## The receiver's own events").map(([name]) => name)
    expect(names).toEqual(Object.keys(modelDispatch.events).map(named))
  })

  it('has every variable that the receiver reads', () => {
    const read = new Set<string>()
    readEnvironment(
      new Proxy<Record<string, string | undefined>>({}, { get: (_, name) => void read.add(String(name)) }),
    )
    const documented = tableUnder(CONFIGURATION, '## Environment').map(([name]) => name)
    // These two the HTTP client reads itself (receiver/outbound/network.ts).
    for (const name of ['HTTPS_PROXY', 'NO_PROXY']) read.add(name)
    const upper = [...read].filter((name) => name === name.toUpperCase())
    const files = upper.filter((name) => name.endsWith('_FILE'))
    const plain = upper.filter((name) => !files.includes(name))
    expect(new Set(documented)).toEqual(new Set(plain.map(named)))
    const withFile =
      CONFIGURATION.split('\n\n').find((part) => part.includes('set the name with `_FILE`')) ?? ''
    for (const name of files) expect(withFile).toContain(named(name.replace(/_FILE$/, '')))
  })

  function defaultText(value: unknown): string {
    if (value === undefined || value === null) return ''
    return named(typeof value === 'string' ? value : JSON.stringify(value))
  }
})
