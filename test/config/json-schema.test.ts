import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from '../../receiver/config/json-schema.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { TOYS } from './toys.ts'

const shipped = JSON.parse(readFileSync('schemas/model-dispatch.schema.json', 'utf8')) as object

describe('the JSON Schema of the configuration', () => {
  it('is shipped as the sources and destinations give it (node scripts/write-config-schema.ts)', () => {
    const made = configJsonSchema({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES })
    expect(shipped).toEqual(JSON.parse(JSON.stringify(made)))
  })

  it('takes the shipped example, and refuses a typing mistake in it', () => {
    const validate = new Ajv({ strict: false }).compile(shipped)
    const text = readFileSync('examples/model-dispatch.yaml', 'utf8')
    expect(validate(parse(text))).toBe(true)
    expect(validate(parse(text.replace('filter:', 'filtre:')))).toBe(false)
    expect(validate({ ...(parse(text) as object), 'x-anchors': 1 })).toBe(true)
  })

  it('knows a new kind of source and destination by their registration alone', () => {
    const text = JSON.stringify(configJsonSchema(TOYS))
    expect(text).toContain('"const":"toy"')
    expect(text).toContain('"const":"toy_run"')
    expect(text).toContain('A setting of its own.')
  })

  it('marks secrets as written, never read', () => {
    const text = JSON.stringify(configJsonSchema(TOYS))
    expect(text.match(/"writeOnly":true/g)?.length).toBeGreaterThan(5)
    expect(text).not.toContain('"secret":true')
  })

  it('describes every key', () => {
    expect(undescribed(shipped, '')).toEqual([])
  })
})

/** The keys without a description, in any depth. */
function undescribed(node: unknown, at: string): string[] {
  if (node === null || typeof node !== 'object') return []
  return Object.entries(node as Record<string, unknown>).flatMap(([key, inner]) => {
    if (key !== 'properties') return undescribed(inner, `${at}/${key}`)
    return Object.entries(inner as Record<string, object>).flatMap(([name, schema]) => [
      ...('description' in schema || name === 'type' ? [] : [`${at}/${name}`]),
      ...undescribed(schema, `${at}/${name}`),
    ])
  })
}
