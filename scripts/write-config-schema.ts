import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { configJsonSchema } from '../receiver/config/json-schema.ts'
import { DESTINATION_TYPES } from '../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../receiver/sources/index.ts'

const target = fileURLToPath(new URL('../schemas/model-dispatch.schema.json', import.meta.url))
const schema = configJsonSchema({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES })
const style = await resolveConfig(target)
writeFileSync(target, await format(JSON.stringify(schema), { ...style, filepath: target }))
