import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startHouse } from '../regressions/receiver.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const VALUE = 'the-value-that-nobody-may-see'
const NEXT = 'the-next-value-that-nobody-may-see'

describe('the secrets of the API', () => {
  let scene: Scene
  let there: Target
  /** Every byte that was answered. */
  let answers = ''
  beforeAll(async () => {
    there = await startTarget()
    scene = await startScene({
      config: `version: 1
sources: { wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] } }
automations:
  - name: notify
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - type: webhook
        url: '${there.url}/hooks/\${HOOK_PATH}'
        access_token: '\${HOOK_TOKEN}'
        body: { model: '\${artifact_collection_name}', token: '\${ACCESS_TOKEN}' }
`,
      env: { OUTBOUND_ALLOW_CIDRS: '127.0.0.1', OUTBOUND_ALLOW_HTTP: 'true', LOG_LEVEL: 'trace' },
    })
  })
  afterAll(async () => {
    await scene.close()
    await there.close()
  })

  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await scene.receiver.api(path, { method, body })
    answers += answer.text
    return answer
  }
  const put = (name: string, body: unknown) => call('PUT', `/api/v1/secrets/${name}`, body)
  const items = async () => (await call('GET', '/api/v1/secrets')).body['items']

  it('are none at first, and no key was made for them', async () => {
    expect((await call('GET', '/api/v1/secrets')).body).toEqual({ items: [], next_cursor: null })
    expect(readdirSync(scene.receiver.data_dir)).not.toContain('secrets.key')
  })

  it('are stored, replaced and listed without a value, and the same PUT twice changes nothing', async () => {
    const hosts = ['127.0.0.1', 'Hooks.Example.com']
    const first = await put('HOOK_TOKEN', { value: VALUE, hosts })
    expect(first.status).toBe(201)
    const shown = { name: 'HOOK_TOKEN', hosts: ['127.0.0.1', 'hooks.example.com'] }
    expect(first.body).toEqual({ ...shown, status: 'created' })
    const again = await put('HOOK_TOKEN', { value: VALUE, hosts })
    expect([again.status, again.body]).toEqual([200, { ...shown, status: 'replaced' }])
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string
    expect(await items()).toEqual([{ ...shown, created_at: time, updated_at: time, last_used_at: null }])
  })

  it.each([
    ['a name in small letters', 'hook', { value: VALUE, hosts: ['a.example'] }, 'capitals'],
    ['a name that is too long', 'A'.repeat(65), { value: VALUE, hosts: ['a.example'] }, 'at most 64'],
    ['the name of a word', 'EVENT_TYPE', { value: VALUE, hosts: ['a.example'] }, 'word of templates'],
    [
      'the name of the own token',
      'ACCESS_TOKEN',
      { value: VALUE, hosts: ['a.example'] },
      'word of templates',
    ],
    ['no value', 'X', { hosts: ['a.example'] }, '`value` is not a text'],
    ['a short value', 'X', { value: 'short', hosts: ['a.example'] }, 'has 5 characters'],
    ['a long value', 'X', { value: 'x'.repeat(8_193), hosts: ['a.example'] }, 'has 8193 characters'],
    ['a line break', 'X', { value: `${VALUE}\n`, hosts: ['a.example'] }, 'white space'],
    ['half a character', 'X', { value: `${VALUE}\ud800`, hosts: ['a.example'] }, 'UTF-8'],
    ['no hosts', 'X', { value: VALUE }, '`hosts` is not a list'],
    ['an empty list', 'X', { value: VALUE, hosts: [] }, '`hosts` is not a list'],
    ['all hosts', 'X', { value: VALUE, hosts: ['*'] }, 'no host'],
    ['a URL', 'X', { value: VALUE, hosts: ['https://a.example/'] }, 'no host'],
    ['a port', 'X', { value: VALUE, hosts: ['a.example:443'] }, 'no host'],
    ['another key', 'X', { value: VALUE, hosts: ['a.example'], host: 'b' }, 'no key \\"host\\"'],
    ['a list', 'X', [VALUE], 'not a JSON object'],
  ])('are refused with %s', async (_, name, body, detail) => {
    const answer = await put(name, body)
    expect(answer.status).toBe(422)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body).toMatchObject({ code: 'bad_secret' })
    expect(answer.text).toContain(detail)
  })

  it('are refused as no JSON, without a word of what was sent', async () => {
    for (const [type, body] of [
      ['application/json', `{"value": "${VALUE}", hosts`],
      ['application/x-www-form-urlencoded', `value=${VALUE}`],
    ] as const) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': type }
      const answer = await request(`${scene.receiver.url}/api/v1/secrets/X`, { method: 'PUT', headers, body })
      answers += answer.text
      expect([400, 415]).toContain(answer.status)
    }
  })

  it('are used by a webhook at each attempt, and a new value is seen by the next one', async () => {
    await put('HOOK_PATH', { value: 'a-path-that-nobody-may-see', hosts: ['127.0.0.1'] })
    await sendWandb(scene.receiver.url, aliasBody({ n: 1 }))
    await expect.poll(() => there.arrived).toHaveLength(1)
    expect(there.arrived[0]).toMatchObject({
      path: '/hooks/a-path-that-nobody-may-see',
      headers: { authorization: `Bearer ${VALUE}` },
      body: Buffer.from(`{"model":"resnet50","token":"${VALUE}"}`),
    })
    await put('HOOK_TOKEN', { value: NEXT, hosts: ['127.0.0.1'] })
    await sendWandb(scene.receiver.url, aliasBody({ n: 2 }))
    await expect.poll(() => there.arrived.at(-1)?.headers['authorization']).toBe(`Bearer ${NEXT}`)
    await expect
      .poll(async () => ((await items()) as { last_used_at: string | null }[]).map((one) => one.last_used_at))
      .toEqual([expect.any(String), expect.any(String)])
  })

  it('go to no host that they are not bound to: the delivery says so and fails', async () => {
    await put('HOOK_TOKEN', { value: NEXT, hosts: ['hooks.example.com'] })
    const before = there.arrived.length
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ n: 3 }))
    const [id] = body['deliveries'] as string[]
    const delivery = async () => (await call('GET', `/api/v1/deliveries/${String(id)}`)).body
    await expect.poll(async () => (await delivery())['status']).toBe('failed')
    expect(await delivery()).toMatchObject({
      error: {
        message: 'The secret HOOK_TOKEN is bound to hooks.example.com, and this request goes to 127.0.0.1.',
      },
    })
    expect(there.arrived).toHaveLength(before)
  })

  it('that are missing let deliveries wait, which are tried at once when the secret is there', async () => {
    await call('DELETE', '/api/v1/secrets/HOOK_TOKEN')
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ n: 4 }))
    const [id] = body['deliveries'] as string[]
    const delivery = async () => (await call('GET', `/api/v1/deliveries/${String(id)}`)).body
    const attempts = async () =>
      ((await delivery())['attempts'] as { class: string }[]).map((one) => one.class)
    await expect.poll(attempts).toEqual(['credentials'])
    await put('HOOK_TOKEN', { value: NEXT, hosts: ['127.0.0.1'] })
    await expect.poll(async () => (await delivery())['status']).toBe('succeeded')
  })

  it('are deleted once', async () => {
    expect((await call('DELETE', '/api/v1/secrets/HOOK_TOKEN')).status).toBe(204)
    const again = await call('DELETE', '/api/v1/secrets/HOOK_TOKEN')
    expect([again.status, again.body['code']]).toEqual([404, 'secret_not_found'])
    expect(((await items()) as { name: string }[]).map(({ name }) => name)).toEqual(['HOOK_PATH'])
  })

  it('leave a line in the log for what was done, with name and hosts', () => {
    const lines = scene.receiver.logged('asked for by the API')
    expect(lines).toContainEqual(
      expect.objectContaining({
        action: 'put secret',
        id: 'HOOK_PATH',
        hosts: ['127.0.0.1'],
        outcome: 'created',
      }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ action: 'delete secret', id: 'HOOK_TOKEN', outcome: 'deleted' }),
    )
  })

  it('are in no answer, no log line and no byte of DATA_DIR', async () => {
    for (const path of ['/api/v1/deliveries', '/api/v1/events']) await call('GET', path)
    const { data_dir } = scene.receiver
    const bytes = Buffer.concat(readdirSync(data_dir).map((name) => readFileSync(join(data_dir, name))))
    await scene.receiver.stop()
    for (const secret of [VALUE, NEXT, 'a-path-that-nobody-may-see']) {
      for (const form of [secret, Buffer.from(secret).toString('base64')]) {
        expect(answers).not.toContain(form)
        expect(scene.receiver.output).not.toContain(form)
        expect(bytes.includes(form)).toBe(false)
      }
    }
    expect(bytes.includes('HOOK_PATH')).toBe(true)
  })
})

it('A secret is refused without a key, with the variable to set', async () => {
  const house = await startHouse()
  onTestFinished(() => house.close())
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ value: VALUE, hosts: ['a.example'] })
  const answer = await request(`${house.url}/api/v1/secrets/X`, { method: 'PUT', headers, body })
  expect(answer.status).toBe(409)
  expect(answer.body).toMatchObject({
    code: 'secrets_key_missing',
    detail: expect.stringContaining('SECRETS_KEY') as string,
  })
})
