import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

describe('a database that is removed while the receiver runs', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it('is noticed: webhooks get 503, /readyz and the log say why, and all goes on once it is back', async () => {
    const { receiver, github } = scene
    const path = join(receiver.data_dir, 'model-dispatch.sqlite')
    const ready = () => request(`${receiver.url}/readyz`)
    renameSync(path, `${path}.aside`)
    await expect.poll(async () => (await ready()).status).toBe(503)
    expect((await ready()).body['reason']).toContain(
      `${path} was removed or replaced while the receiver runs`,
    )
    expect((await sendWandb(receiver.url, aliasBody())).status).toBe(503)
    const said = () => receiver.log.filter(({ reason }) => String(reason).includes('was removed or replaced'))
    await expect.poll(said).not.toEqual([])
    renameSync(`${path}.aside`, path)
    await expect.poll(async () => (await ready()).status).toBe(200)
    expect([200, 202]).toContain((await sendWandb(receiver.url, aliasBody())).status)
    await expect.poll(() => github.dispatches.length).toBe(1)
  })
})
