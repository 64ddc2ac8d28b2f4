import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
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

  it('sends a redelivery to the old repository and a replay to the new one', async () => {
    const deploy = DEPLOY_CONFIG.replace("repositories: ['acme/*'], ", '')
    await change(deploy, IN_FORCE)
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ alias: 'production', n: ++n }))
    const path = `/api/v1/deliveries/${String((body['deliveries'] as string[])[0])}`
    const delivery = async () => (await scene.receiver.api(path)).body
    await expect.poll(async () => (await delivery())['status']).toBe('failed')
    const { fix } = (await delivery())['error'] as { fix: string }
    expect(fix).toMatch(
      /then redeliver\. Or, if the spelling is wrong, correct `repository`\. Then replay the event/,
    )
    await change(deploy.replace('acme/serving', 'acme/other'), IN_FORCE)
    const went = () => scene.github.dispatches.at(-1)?.repository
    await scene.receiver.api(`${path}/redeliver`, { method: 'POST' })
    await expect.poll(went).toBe('acme/serving')
    const replay = await scene.receiver.api(`/api/v1/events/${String(body['event_id'])}/replay`, {
      method: 'POST',
      body: { force: true },
    })
    expect(replay.status).toBe(202)
    await expect.poll(went).toBe('acme/other')
  })

  it('is refused with file, line, key and fix where it is invalid; the old one stays and the receiver stays ready', async () => {
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

  it('is shown by /readyz and the API where it is invalid, until it is put right', async () => {
    const ready = async () => (await scene.receiver.api('/readyz')).body
    const shown = async () => (await scene.receiver.api('/api/v1/configuration')).body
    expect(await ready()).toEqual({
      status: 'ready',
      configuration: expect.stringMatching(/a restart would fail/) as string,
    })
    expect(await shown()).toMatchObject({
      status: 'refused',
      refused_at: expect.stringMatching(/Z$/) as string,
      problems: [{ file: scene.receiver.config_path, line: 9, fix: 'Did you mean `alias`?' }],
    })
    await change(DEPLOY_CONFIG.replace('alias: production', 'alias: canary'), IN_FORCE)
    expect(await matchedBy('canary')).toEqual(['deploy-production'])
    await expect.poll(ready).toEqual({ status: 'ready' })
    expect(await shown()).toEqual({ status: 'in_force', refused_at: null, problems: [] })
  })
})

describe('a secret that a variable names the file of', () => {
  it('is read again when its file changes', async () => {
    const old_token = 'ghp_theOldTokenOfTheTests0001'
    const new_token = 'ghp_theNewTokenOfTheTests0002'
    const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-secrets-'))
    const put = (name: string, value: string) => writeFileSync(join(folder, name), `${value}\n`)
    put('github', old_token)
    put('admin', ADMIN_TOKEN)
    const scene = await startScene({
      github: { users: { [old_token]: 'jane', [new_token]: 'jane' } },
      env: {
        GITHUB_TOKEN: undefined,
        GITHUB_TOKEN_FILE: join(folder, 'github'),
        ADMIN_TOKEN: undefined,
        ADMIN_TOKEN_FILE: join(folder, 'admin'),
      },
    })
    try {
      const sentWith = () =>
        scene.github.requests.findLast(({ operation }) => operation === 'dispatch')?.headers['authorization']
      await sendWandb(scene.receiver.url, aliasBody({ n: 1 }))
      await expect.poll(sentWith).toBe(`Bearer ${old_token}`)
      put('github', new_token)
      put('admin', `${ADMIN_TOKEN}-new`)
      await scene.receiver.waitFor(() => scene.receiver.logged(IN_FORCE).length > 0)
      await sendWandb(scene.receiver.url, aliasBody({ n: 2 }))
      await expect.poll(sentWith).toBe(`Bearer ${new_token}`)
      expect((await scene.receiver.api('/api/v1/events')).status).toBe(401)
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}-new` }
      expect((await scene.receiver.api('/api/v1/events', { headers })).status).toBe(200)
    } finally {
      await scene.close()
      rmSync(folder, { recursive: true })
    }
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
