import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const ACCESS_TOKEN = 'access/token<that>&nobody+may-see=='
const GITHUB_TOKEN = 'ghp_tokenThatNobodyMaySee0123456789abcd'
const WRONG_TOKEN = 'wrong-token-that-nobody-may-see-either'
const HOOK_PATH = 'path-of-a-hook-that-nobody-may-see'
const SECRETS = [HOOK_PATH, WANDB_SECRET, ACCESS_TOKEN, GITHUB_TOKEN, ADMIN_TOKEN, WRONG_TOKEN]

const ROOT = join(import.meta.dirname, '..', '..')
const MAIN = join(ROOT, 'receiver', 'main.ts')
const CRASH = join(ROOT, 'test', 'support', 'crash-on-signal.ts')

const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

describe('the secrets of the configuration', () => {
  let scene: Scene
  /** Every byte that an HTTP client was answered. */
  let answers = ''
  beforeAll(async () => {
    scene = await startScene({
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], access_token: '\${env:WANDB_ACCESS_TOKEN}' }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: tell
    events: [LINK_ARTIFACT]
    destinations: [{ type: webhook, url: '\${env:HOOK_URL}' }]
`,
      command: [process.execPath, '--import', CRASH, MAIN],
      env: {
        HOOK_URL: `https://hooks.example.com/${HOOK_PATH}`,
        WANDB_ACCESS_TOKEN: ACCESS_TOKEN,
        GITHUB_TOKEN,
        LOG_LEVEL: 'trace',
      },
    })
  })
  afterAll(() => scene.close())

  const send = async (n: number, token = ACCESS_TOKEN, secret = WANDB_SECRET) => {
    const answer = await sendWandb(scene.receiver.url, aliasBody({ n }), { token, secret })
    answers += JSON.stringify(answer.headers) + answer.text
    return answer
  }
  const get = async (path: string, options?: Parameters<Scene['receiver']['api']>[1]) => {
    const answer = await scene.receiver.api(path, options)
    answers += JSON.stringify(answer.headers) + answer.text
    return answer
  }

  it('are used: an event is dispatched with the token, and requests without them are refused', async () => {
    expect((await send(1)).status).toBe(202)
    expect((await send(2, WRONG_TOKEN)).status).toBe(401)
    expect((await send(3, ACCESS_TOKEN, WRONG_TOKEN)).status).toBe(401)
    expect(
      (await get('/api/v1/events', { headers: { authorization: `Bearer ${WRONG_TOKEN}` } })).status,
    ).toBe(401)
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(1)
    expect(scene.github.requests.at(-1)?.headers['authorization']).toContain(GITHUB_TOKEN)
  })

  it('are masked in what GitHub echoes of them', async () => {
    const body = JSON.stringify({ message: `Bad request with token ${GITHUB_TOKEN}` })
    scene.github.failNext({ kind: 'custom', status: 422, body }, { operation: 'dispatch' })
    const [id] = (await send(4)).body['deliveries'] as string[]
    const delivery = async () => (await get(`/api/v1/deliveries/${String(id)}`)).body
    await expect.poll(async () => (await delivery())['status'], { timeout: 5_000 }).toBe('failed')
    expect(JSON.stringify(await delivery())).toContain('Bad request with token')
  })

  it.each([
    ['PHP', (json: string) => json.replaceAll('/', '\\/')],
    ['Go', (json: string) => json.replace(/[<>&]/g, escape)],
    [
      'a sender that escapes whatever it can',
      (json: string) => json.replace(/[<>&/+=a-z](?=[^"]*==)/g, escape),
    ],
  ])('are masked in a body that holds one, escaped as %s does it', async (_, escaped) => {
    const before = scene.github.dispatches.length
    const metadata = { leaked: `x ${ACCESS_TOKEN} y`, [ACCESS_TOKEN]: 1 }
    const body = escaped(JSON.stringify(aliasBody({ artifact_metadata: metadata })))
    expect(body).not.toContain(ACCESS_TOKEN)
    const answer = await sendWandb(scene.receiver.url, body, { token: ACCESS_TOKEN })
    expect(answer.status).toBe(202)
    const { body: event } = await get(`/api/v1/events/${String(answer.body['event_id'])}`)
    expect(event['event']).toMatchObject({ metadata: { leaked: 'x [secret] y', '[secret]': 1 } })
    expect(JSON.parse(String(event['raw']))).toMatchObject({
      artifact_metadata: { leaked: 'x [secret] y', '[secret]': 1 },
    })
    await expect.poll(() => scene.github.dispatches.length).toBe(before + 1)
    expect(JSON.stringify(scene.github.dispatches.at(-1)?.client_payload)).not.toContain(ACCESS_TOKEN)
  })

  it('are in no answer, no log line, no byte of DATA_DIR and not in the output of a crash', async () => {
    scene.receiver.writeConfig('version: 1\nsources: { wandb: { type: wandb, secret: x } }')
    await scene.receiver.waitFor(() => scene.receiver.output.includes('configuration refused'))
    const events = (await get('/api/v1/events')).body['items'] as { id: string }[]
    for (const { id } of events) await get(`/api/v1/events/${id}`)
    for (const path of ['/api/v1/deliveries', '/healthz', '/readyz', '/api/v1/nothing']) await get(path)
    expect(answers).toContain(String(events[0]?.id))
    const files = readdirSync(scene.receiver.data_dir).map((name) => join(scene.receiver.data_dir, name))
    const bytes = Buffer.concat(files.map((file) => readFileSync(file))).toString('latin1')
    expect(bytes).toContain(String(events[0]?.id))
    scene.receiver.signal('SIGUSR2')
    expect(await scene.receiver.exited).toMatchObject({ code: 1 })
    expect(scene.receiver.output).toMatch(/Error: fetch of \*\*\* with \*\*\* failed\n +at /)
    for (const secret of SECRETS) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]) {
        expect(answers).not.toContain(form)
        expect(scene.receiver.output).not.toContain(form)
        expect(bytes).not.toContain(form)
      }
    }
  })
})
