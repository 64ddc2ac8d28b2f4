import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openApiDocument } from '../../receiver/api/openapi.ts'
import { routesOf } from '../../receiver/api/routes.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const routes = routesOf({ sources: SOURCE_TYPES, destinations: DESTINATION_TYPES })
const committed = readFileSync(join(import.meta.dirname, '../../schemas/openapi.json'), 'utf8')

it('schemas/openapi.json is what the table of routes makes: node scripts/write-openapi.ts', () => {
  expect(JSON.parse(JSON.stringify(openApiDocument(routes)))).toEqual(JSON.parse(committed))
})

it('Every operation has a name of its own', () => {
  const names = routes.map(({ id }) => id)
  expect(new Set(names).size).toBe(names.length)
})
