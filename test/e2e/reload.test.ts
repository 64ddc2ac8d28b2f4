import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const REFUSED = 'configuration refused: what was in force stays'
const IN_FORCE = 'configuration changed: in force'

describe('a change of the configuration file', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  let n = 0
  const matchedBy = async (alias: string) =>
    (await sendWandb(scene.receiver.url, aliasBody({ alias, n: ++n }))).body['matched']
  async function change(text: string, message: string) {
    const before = scene.receiver.logged(message).length
    scene.receiver.writeConfig(text)
    await scene.receiver.waitFor(() => scene.receiver.logged(message).length > before)
  }

  it('is in force for the next event, without a restart', async () => {
    expect(await matchedBy('staging')).toEqual([])
    await change(DEPLOY_CONFIG.replace('alias: production', 'alias: staging'), IN_FORCE)
    expect(await matchedBy('staging')).toEqual(['deploy-production'])
    expect(await matchedBy('production')).toEqual([])
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(1)
  })

  it('leaves alone what was accepted before it: a delivery keeps the revision it was made under', async () => {
    scene.github.failNext({ kind: 'answer', name: 'missing-permission-token' }, { operation: 'dispatch' })
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ alias: 'staging', n: ++n }))
    const path = `/api/v1/deliveries/${String((body['deliveries'] as string[])[0])}`
    const status = async () => (await scene.receiver.api(path)).body['status']
    await expect.poll(status, { timeout: 5_000 }).toBe('failed')
    await change(
      DEPLOY_CONFIG.replace('acme/serving }', 'acme/serving, event_type: after-the-change }'),
      IN_FORCE,
    )
    await scene.receiver.api(`${path}/redeliver`, { method: 'POST' })
    await expect.poll(status, { timeout: 5_000 }).toBe('succeeded')
    expect(scene.github.dispatches.at(-1)?.event_type).toBe('ADD_ARTIFACT_ALIAS')
    expect(
      (await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}`)).body['matches'],
    ).toMatchObject([{ automation: 'deploy-production', matched: true }])
  })

  it('that is invalid is refused with file, line, key and fix; the old one stays and the receiver stays ready', async () => {
    await change(DEPLOY_CONFIG.replace('alias: production', 'allias: production'), REFUSED)
    expect(scene.receiver.logged(REFUSED).at(-1)).toMatchObject({
      level: 'error',
      file: scene.receiver.config_path,
      line: 9,
      key: 'automations[0].filter.allias',
      fix: 'Did you mean `alias`?',
    })
    expect((await scene.receiver.api('/readyz')).status).toBe(200)
    expect(await matchedBy('production')).toEqual(['deploy-production'])
  })

  it('can be put right', async () => {
    await change(DEPLOY_CONFIG.replace('alias: production', 'alias: canary'), IN_FORCE)
    expect(await matchedBy('canary')).toEqual(['deploy-production'])
  })
})

describe('a secret that is mounted as a file', () => {
  it('is read again when Kubernetes swaps the link to it', async () => {
    const scene = await startScene()
    try {
      const folder = join(dirname(scene.receiver.config_path), 'secret')
      const put = (version: string, value: string) => {
        mkdirSync(join(folder, version), { recursive: true })
        writeFileSync(join(folder, version, 'key'), `${value}\n`)
        symlinkSync(version, join(folder, '..data.new'))
        renameSync(join(folder, '..data.new'), join(folder, '..data'))
      }
      put('..v1', 'the first secret')
      symlinkSync(join('..data', 'key'), join(folder, 'key'))
      const config = DEPLOY_CONFIG.replace('${env:WANDB_WEBHOOK_SECRET}', `\${file:${join(folder, 'key')}}`)
      scene.receiver.writeConfig(config)
      await scene.receiver.waitFor(() => scene.receiver.logged(IN_FORCE).length === 1)
      const status = async (secret: string) =>
        (await sendWandb(scene.receiver.url, aliasBody({ secret: secret.length }), { secret })).status
      expect(await status('the first secret')).toBe(202)
      put('..v2', 'the second secret, longer')
      rmSync(join(folder, '..v1'), { recursive: true })
      await scene.receiver.waitFor(() => scene.receiver.logged(IN_FORCE).length === 2)
      expect(await status('the first secret')).toBe(401)
      expect(await status('the second secret, longer')).toBe(202)
    } finally {
      await scene.close()
    }
  })
})
