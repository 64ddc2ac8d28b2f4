import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTarget, type Target } from '../standins/target.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const PATH_SECRET = 'path-that-nobody-may-see-0123456789'
const QUERY_SECRET = 'query+that/nobody=may&see'
const TOKEN = 'token-that-nobody-may-see'
const SECRETS = [SECRET, PATH_SECRET, QUERY_SECRET, TOKEN]

describe('a webhook of an automation', () => {
  let scene: Scene
  let there: Target
  beforeAll(async () => {
    there = await startTarget()
    scene = await startScene({
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
automations:
  - name: notify
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - type: webhook
        url: '\${env:HOOK_URL}'
        secret: '\${env:HOOK_SECRET}'
        sign: standard
        access_token: '\${env:HOOK_TOKEN}'
`,
      env: {
        HOOK_URL: `${there.url}/hooks/${PATH_SECRET}?key=${encodeURIComponent(QUERY_SECRET)}`,
        HOOK_SECRET: SECRET,
        HOOK_TOKEN: TOKEN,
        OUTBOUND_ALLOW_CIDRS: '127.0.0.1',
        OUTBOUND_ALLOW_HTTP: 'true',
        LOG_LEVEL: 'trace',
      },
    })
  })
  afterAll(async () => {
    await scene.close()
    await there.close()
  })

  let answers = ''
  const get = async (path: string, options = {}) => {
    const answer = await scene.receiver.api(path, options)
    answers += answer.text
    return answer.body
  }
  const send = async (n: number) => {
    const answer = await sendWandb(scene.receiver.url, aliasBody({ n }))
    answers += answer.text
    const [id] = answer.body['deliveries'] as string[]
    return String(id)
  }

  it('arrives signed, under the id of its delivery', async () => {
    const id = await send(1)
    await expect.poll(() => there.arrived).toHaveLength(1)
    const { body, headers, path } = there.arrived[0] ?? { body: '', headers: {}, path: '' }
    expect(path).toBe(`/hooks/${PATH_SECRET}?key=${encodeURIComponent(QUERY_SECRET)}`)
    expect(headers['authorization']).toBe(`Bearer ${TOKEN}`)
    const signed = { ...(headers as Record<string, string>) }
    expect(signed['webhook-id']).toBe(id)
    expect(new Webhook(SECRET).verify(body.toString(), signed)).toMatchObject({
      schema: 'model-dispatch/1',
      type: 'ADD_ARTIFACT_ALIAS',
      change: { alias: 'production' },
    })
    await expect.poll(async () => (await get(`/api/v1/deliveries/${id}`))['status']).toBe('succeeded')
  })

  it('that fails shows why, and is sent again under the same id', async () => {
    there.answer((response, { path }) => response.writeHead(400).end(`no ${path} with ${TOKEN}`))
    const id = await send(2)
    await expect.poll(async () => (await get(`/api/v1/deliveries/${id}`))['status']).toBe('failed')
    expect(await get(`/api/v1/deliveries/${id}`)).toMatchObject({
      destination: { type: 'webhook', target: `${there.url}/***` },
      error: { class: 'permanent', message: expect.stringContaining('HTTP 400): no *** with ***') as string },
    })
    there.answer((response) => response.end())
    await get(`/api/v1/deliveries/${id}/redeliver`, { method: 'POST' })
    await expect.poll(async () => (await get(`/api/v1/deliveries/${id}`))['status']).toBe('succeeded')
    expect(there.arrived.at(-1)?.headers['webhook-id']).toBe(id)
  })

  it('leaves its secrets in no answer, no log line and no byte of DATA_DIR', async () => {
    for (const path of ['/api/v1/deliveries', '/api/v1/events']) await get(path)
    const { data_dir } = scene.receiver
    const files = readdirSync(data_dir).map((name) => readFileSync(join(data_dir, name)))
    const bytes = Buffer.concat(files).toString('latin1')
    await scene.receiver.stop()
    expect(scene.receiver.output).toContain('stopped')
    for (const secret of SECRETS) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]) {
        expect(answers).not.toContain(form)
        expect(scene.receiver.output).not.toContain(form)
        expect(bytes).not.toContain(form)
      }
    }
  })

  it('to the inside of the network stops the start with its line and its fix', async () => {
    scene.receiver.output = ''
    const { url } = there
    scene.receiver.writeConfig(`version: 1
sources: { wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] } }
automations:
  - { name: notify, events: [LINK_ARTIFACT], destinations: [{ type: webhook, url: '${url.replace('127.0.0.1', '127.0.0.2')}' }] }
`)
    expect(await scene.receiver.launch()).toMatchObject({ code: 2 })
    expect(scene.receiver.output).toMatch(
      /yaml:4: automations\[0\]\.destinations\[0\]\.url: 127\.0\.0\.2 is a loopback address.*\n *-> .*OUTBOUND_ALLOW_CIDRS/,
    )
  })
})
