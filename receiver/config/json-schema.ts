import { z } from 'zod'
import { fileSchema, type TypeTables } from './schema.ts'

/**
 * Returns the JSON Schema (draft-07, which editors know best) of a configuration file, for these kinds of sources and
 * destinations. Keys that take a secret are `writeOnly`; top-level keys `x-…` are free.
 */
export function configJsonSchema(tables: TypeTables): Record<string, unknown> {
  const schema = z.toJSONSchema(fileSchema(tables), {
    io: 'input',
    target: 'draft-07',
    override({ jsonSchema }) {
      if (jsonSchema['secret'] === undefined) return
      delete jsonSchema['secret']
      jsonSchema['writeOnly'] = true
    },
  })
  const { $schema, ...rest } = schema
  return { $schema, title: 'Model Dispatch configuration', ...rest, patternProperties: { '^x-': {} } }
}
