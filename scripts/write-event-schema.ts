import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { modelEventJsonSchema } from '../receiver/api/model-event-schema.ts'

/** Writes the JSON Schema of the ModelEvent: `node scripts/write-event-schema.ts`. */
const file = join(import.meta.dirname, '..', 'schemas', 'model-event.schema.json')
const style = await resolveConfig(file)
writeFileSync(
  file,
  await format(JSON.stringify(modelEventJsonSchema(), null, 2), { ...style, filepath: file }),
)
