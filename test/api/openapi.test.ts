import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

it('Redocly finds nothing to complain of in schemas/openapi.json', async () => {
  const root = join(import.meta.dirname, '../..')
  const args = 'lint schemas/openapi.json --config test/api/redocly.yaml --format=stylish'.split(' ')
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const program = join(root, 'node_modules/.bin/redocly')
  const failed = await promisify(execFile)(program, args, { cwd: root, env }).then(
    () => null,
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      return `${stdout}${stderr}`
    },
  )
  expect(failed).toBeNull()
})
