import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'

interface Operation {
  parameters?: { name: string; in: string }[]
}
const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/openapi.json'), 'utf8'),
) as { paths: Record<string, Record<string, Operation>> }
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({
    name: `${method} ${path}`,
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, 'any'),
    filters: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
  })),
)

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene.close())

const refused = async (method: string, path: string) => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const { status, body } = await request(`${scene.receiver.url}${path}`, { method, headers })
  expect([status, body['code']]).toEqual([400, 'bad_query'])
  return body['detail']
}

describe('a parameter that an operation does not know', () => {
  it.each(operations)(
    'is refused, and the answer names those that work: $name',
    async ({ method, path, filters }) => {
      const which = filters.length === 0 ? 'This call takes none.' : `These work: ${filters.join(', ')}.`
      expect(await refused(method, `${path}?zzzzzz=1`)).toBe(`There is no parameter "zzzzzz". ${which}`)
    },
  )

  it.each(operations.filter(({ filters }) => filters.length > 0))(
    'is refused with the one that was meant when it is misspelt: $name',
    async ({ method, path, filters }) => {
      for (const filter of filters) {
        const misspelt = `${filter}${filter.at(-1) ?? ''}`
        const detail = await refused(method, `${path}?${misspelt}=1`)
        expect(detail).toContain(`There is no parameter "${misspelt}". Did you mean ${filter}? These work: `)
      }
    },
  )
})
