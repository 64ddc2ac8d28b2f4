import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb, DATABRICKS_SECRET } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  rotating: { type: wandb, secrets: ['\${env:NEW_SECRET}', '\${env:OLD_SECRET}'] }
  guarded: { type: wandb, secrets: ['\${env:NEW_SECRET}'], access_token: '\${env:ACCESS_TOKEN}' }
  token-only: { type: wandb, access_token: '\${env:ACCESS_TOKEN}' }
  databricks:
    type: databricks
    secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}']
    authorization: 'Basic \${env:BASIC}'
  open: { type: wandb, insecure: true }
automations: []
`
const ENV = {
  NEW_SECRET: 'the secret after the rotation',
  OLD_SECRET: 'the secret before the rotation',
  ACCESS_TOKEN: 'the access token',
  BASIC: 'dXNlcjpwYXNzd29yZA==',
}

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ config: CONFIG, env: ENV })
})
afterAll(() => scene.close())
let n = 0
const status = async (options: Parameters<typeof sendWandb>[2]) =>
  (await sendWandb(scene.receiver.url, aliasBody({ n: ++n }), options)).status

describe('a source with two secrets', () => {
  it('takes what either of them signed, and logs which one it was', async () => {
    expect(await status({ source: 'rotating', secret: ENV.OLD_SECRET })).toBe(202)
    expect(await status({ source: 'rotating', secret: ENV.NEW_SECRET })).toBe(202)
    const verifiedBy = () => scene.receiver.logged('event accepted').map(({ verified_by }) => verified_by)
    await expect.poll(verifiedBy).toEqual([1, 0])
  })

  it('takes nothing that neither signed', async () => {
    expect(await status({ source: 'rotating', secret: 'a third one' })).toBe(401)
  })
})

describe('a source with a secret and an access token', () => {
  it('asks for both', async () => {
    const { NEW_SECRET: secret, ACCESS_TOKEN: token } = ENV
    expect(await status({ source: 'guarded', secret, token })).toBe(202)
    expect(await status({ source: 'guarded', secret })).toBe(401)
    expect(await status({ source: 'guarded', secret: null, token })).toBe(401)
    expect(await status({ source: 'guarded', secret, token: `${token}x` })).toBe(401)
  })

  it('may have the token alone', async () => {
    expect(await status({ source: 'token-only', secret: null, token: ENV.ACCESS_TOKEN })).toBe(202)
    expect(await status({ source: 'token-only', secret: null })).toBe(401)
  })
})

describe('a Databricks source with a secret and an authorization', () => {
  it('asks for the whole header and the signature', async () => {
    const send = async (authorization: string, secret: string | null = DATABRICKS_SECRET) => {
      const body = { event: 'COMMENT_CREATED', event_timestamp: ++n, model_name: 'm' }
      return (await sendDatabricks(scene.receiver.url, body, { secret, headers: { authorization } })).status
    }
    expect(await send(`Basic ${ENV.BASIC}`)).toBe(202)
    expect(await send(ENV.BASIC)).toBe(401)
    expect(await send(`Basic ${ENV.BASIC}`, null)).toBe(401)
  })

  it('takes the signature in hex only, as Databricks sends it', async () => {
    const body = { event: 'COMMENT_CREATED', event_timestamp: ++n, model_name: 'm' }
    const base64 = await sendWandb(scene.receiver.url, body, {
      source: 'databricks',
      secret: DATABRICKS_SECRET,
      headers: { authorization: `Basic ${ENV.BASIC}` },
    })
    expect(base64.status).toBe(401)
  })
})

describe('a source that is open on purpose', () => {
  it('takes requests that nobody signed', async () => {
    expect(await status({ source: 'open', secret: null })).toBe(202)
  })
})
