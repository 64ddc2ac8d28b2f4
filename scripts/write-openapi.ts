/** Writes schemas/openapi.json, from the table of routes. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { openApiDocument } from '../receiver/api/openapi.ts'
import { routesOf } from '../receiver/api/routes.ts'
import { DESTINATION_TYPES } from '../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../receiver/sources/index.ts'

const target = fileURLToPath(new URL('../schemas/openapi.json', import.meta.url))
const document = openApiDocument(routesOf({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }))
const style = await resolveConfig(target)
writeFileSync(target, await format(JSON.stringify(document), { ...style, filepath: target }))
