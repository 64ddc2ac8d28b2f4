import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startScene, type Scene } from '../support/scene.ts'

const server = inject('postgresUrl')

const STORES = [
  { name: 'SQLite', runs: true, database: () => Promise.resolve(undefined) },
  { name: 'PostgreSQL', runs: server !== null, database: () => createDatabase(server ?? '') },
]

for (const { name, runs, database } of STORES) {
  describe.skipIf(!runs)(`text that no store can hold, on ${name}`, () => {
    let scene: Scene
    beforeAll(async () => {
      scene = await startScene({ env: { DATABASE_URL: await database() } })
    })
    afterAll(() => {
      expect(scene.receiver.logged('request failed')).toEqual([])
      return scene.close()
    })

    it.each([
      ['GET', '/deliveries/%00', 'delivery_not_found'],
      ['POST', '/deliveries/a%00b/redeliver', 'delivery_not_found'],
      ['POST', '/deliveries/a%00b/cancel', 'delivery_not_found'],
      ['GET', '/events/%00', 'event_not_found'],
      ['POST', '/events/a%00b/replay', 'event_not_found'],
    ])('is an id that does not exist: %s %s', async (method, path, code) => {
      const { status, body } = await scene.receiver.api(`/api/v1${path}`, { method })
      expect(status).toBe(404)
      expect(body).toMatchObject({ code })
    })

    it.each([
      ['GET', '/deliveries?automation=%00', 'automation'],
      ['GET', '/deliveries?destination=a%00', 'destination'],
      ['GET', '/deliveries?event=%00', 'event'],
      ['GET', '/events?source=%00', 'source'],
      ['GET', '/events?type=%00', 'type'],
      ['GET', '/events?kind=%00', 'kind'],
      ['GET', '/events?automation=%00', 'automation'],
      ['POST', '/deliveries/redeliver?automation=%00', 'automation'],
    ])('is no filter: %s %s', async (method, path, parameter) => {
      const { status, body } = await scene.receiver.api(`/api/v1${path}`, { method })
      expect(status).toBe(400)
      expect(body).toMatchObject({ code: 'bad_query', detail: expect.stringContaining(parameter) as string })
    })

    it.each(['/events/%ED%A0%80', '/deliveries/%ff'])(
      'is named as a fault of the path, not of the body: %s',
      async (path) => {
        const { status, body } = await scene.receiver.api(`/api/v1${path}`)
        expect(status).toBe(400)
        expect(body).toMatchObject({
          code: 'bad_request',
          detail: expect.stringMatching(/^The path/) as string,
        })
      },
    )

    it('finds nothing where half a character stands in the query', async () => {
      const { status, body } = await scene.receiver.api('/api/v1/events?source=%ED%A0%80')
      expect(status).toBe(200)
      expect(body['items']).toEqual([])
    })
  })
}
