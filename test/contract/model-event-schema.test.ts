import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import { SCHEMA, type ModelEvent } from '../../src/contract/model-event.ts'
import { modelEventJsonSchema, type modelEventSchema } from '../../receiver/api/model-event-schema.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { parseAs } from '../sources/fixtures.ts'

const SHIPPED = join(import.meta.dirname, '..', '..', 'schemas', 'model-event.schema.json')

describe('the schema of the ModelEvent', () => {
  it('says the same as the hand-written type', () => {
    expectTypeOf<z.infer<typeof modelEventSchema>>().toEqualTypeOf<ModelEvent>()
  })

  it('is the one that is shipped (node scripts/write-event-schema.ts)', () => {
    expect(JSON.parse(readFileSync(SHIPPED, 'utf8'))).toEqual(modelEventJsonSchema())
  })

  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  const valid = ajv.compile(modelEventJsonSchema())
  const samples = [...SOURCE_TYPES.values()].flatMap((source) =>
    Object.entries(source.samples).map(([name, body]) => ({ source, name, body })),
  )

  it.each(samples)('holds for $source.type $name', ({ source, body }) => {
    const [found] = parseAs(source, JSON.stringify(body))
    const event = {
      schema: SCHEMA,
      id: 'evt_1',
      received_at: '2026-11-22T03:04:05.678Z',
      source: { name: source.type, type: source.type },
      synthetic: false,
      repeat_of: null,
      replay_of: null,
      ...found?.event,
    }
    expect(valid(event), JSON.stringify(valid.errors)).toBe(true)
  })

  it('fails where a field is missing or of another type', () => {
    expect(valid({ schema: SCHEMA })).toBe(false)
    expect(valid({ schema: 'model-dispatch/2' })).toBe(false)
  })
})
