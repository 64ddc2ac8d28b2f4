import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { createDatabase } from '../support/database.ts'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const CONFIG = `${DEPLOY_CONFIG}
admin:
  tokens:
    - { name: viewer, secret: '\${env:VIEWER}', role: read }
    - { name: vision, secret: '\${env:VISION}', role: write, automations: ['vision-*'] }
`
const VIEWER = 'the-token-of-the-viewer-01'
const VISION = 'the-token-of-the-vision-team'

const STAGING = {
  name: 'vision-staging',
  events: ['ADD_ARTIFACT_ALIAS'],
  filter: { alias: 'staging' },
  destinations: [{ type: 'repository_dispatch', repository: 'acme/vision' }],
}
const PATH = '/api/v1/automations'
const as = (token: string) => ({ authorization: `Bearer ${token}` })

describe('W13: automations in the API', () => {
  let scene: Scene
  const api: ReceiverProcess['api'] = (path, options) => scene.receiver.api(path, options)
  const matched = async (alias: string) => {
    const body = aliasBody({ alias, artifact_collection_name: `model-${Math.random()}` })
    return (await sendWandb(scene.receiver.url, body)).body['matched']
  }
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, env: { VIEWER, VISION } })
  })
  afterAll(() => scene.close())

  it('are listed with where they stand in the file, and are read-only there', async () => {
    const { body } = await api(PATH)
    expect(body['items']).toMatchObject([
      {
        name: 'deploy-production',
        origin: 'file',
        file: scene.receiver.config_path,
        line: 7,
        status: 'active',
        sources: ['wandb'],
        order: 'strict',
        problem: null,
      },
    ])
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await api(`${PATH}/deploy-production`, {
        method,
        ...(method === 'DELETE' ? {} : { body: { description: 'Mine now' } }),
      })
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({
        code: 'automation_in_file',
        file: scene.receiver.config_path,
        line: 7,
      })
      expect(answer.body['detail']).toContain(`${scene.receiver.config_path}:7`)
    }
    const same = await api(PATH, { method: 'POST', body: { ...STAGING, name: 'deploy-production' } })
    expect([same.status, same.body['code']]).toEqual([409, 'automation_in_file'])
  })

  it('are created, seen by the next event, edited, and deleted without touching what was accepted', async () => {
    expect(await matched('staging')).toEqual([])
    const created = await api(PATH, { method: 'POST', body: STAGING })
    expect(created.status).toBe(201)
    expect(created.headers['location']).toBe(`${PATH}/vision-staging`)
    expect(created.body).toMatchObject({ ...STAGING, origin: 'api', problem: null, updated_by: 'admin' })
    expect(await matched('staging')).toEqual(['vision-staging'])

    const again = await api(PATH, { method: 'POST', body: STAGING })
    expect([again.status, again.body['code']]).toEqual([409, 'automation_exists'])

    const edited = await api(`${PATH}/vision-staging`, {
      method: 'PATCH',
      body: { filter: { alias: 'candidate' } },
      headers: { 'if-match': String(created.headers['etag']) },
    })
    expect(edited.status).toBe(200)
    expect(edited.body).toMatchObject({ filter: { alias: 'candidate' }, events: STAGING.events })
    expect(await matched('staging')).toEqual([])
    expect(await matched('candidate')).toEqual(['vision-staging'])

    const late = await api(`${PATH}/vision-staging`, {
      method: 'PATCH',
      body: { status: 'disabled' },
      headers: { 'if-match': String(created.headers['etag']) },
    })
    expect([late.status, late.body['code']]).toEqual([412, 'automation_changed'])

    scene.github.failAlways({ kind: 'answer', name: 'secondary-limit-retry-after' })
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ alias: 'candidate' }))
    expect((await api(`${PATH}/vision-staging`, { method: 'DELETE' })).status).toBe(204)
    const gone = await api(`${PATH}/vision-staging`, { method: 'DELETE' })
    expect([gone.status, gone.body['code']]).toEqual([404, 'automation_not_found'])
    expect(await matched('candidate')).toEqual([])
    const [id] = body['deliveries'] as string[]
    expect((await api(`/api/v1/deliveries/${String(id)}`)).body).toMatchObject({
      automation: 'vision-staging',
    })
  })

  it('are shown with their trigger, their action with its name, and its queue', async () => {
    const hosts = ['api.wandb.ai']
    await api('/api/v1/secrets/LAUNCH_KEY', { method: 'PUT', body: { value: 'k'.repeat(40), hosts } })
    const launch = {
      type: 'wandb_launch',
      api_key: '${LAUNCH_KEY}',
      queue_entity: 'my-team',
      queue: 'gpu-queue',
    }
    const destination = { ...launch, entity: 'my-team', project: 'eval', job: 'my-team/jobs/evaluate:latest' }
    const evaluate = { name: 'evaluate', events: ['LINK_ARTIFACT'], destinations: [destination] }
    const created = await api(PATH, { method: 'POST', body: evaluate })
    expect(created.status, created.text).toBe(201)
    expect((await api(`${PATH}/evaluate`)).body).toMatchObject(evaluate)
    expect((await api(PATH)).body['items']).toContainEqual(created.body)
    expect((await api(`${PATH}/evaluate`, { method: 'DELETE' })).status).toBe(204)
  })

  it('are put twice with one outcome, and survive a restart', async () => {
    const first = await api(`${PATH}/put-twice`, { method: 'PUT', body: { ...STAGING, name: 'put-twice' } })
    const second = await api(`${PATH}/put-twice`, { method: 'PUT', body: { ...STAGING, name: 'put-twice' } })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body['revision']).toBe(first.body['revision'])
    const only = await api(`${PATH}/put-twice`, {
      method: 'PUT',
      body: STAGING,
      headers: { 'if-none-match': '*' },
    })
    expect(only.status).toBe(400)
    await scene.receiver.restart()
    expect(await matched('staging')).toEqual(['put-twice'])
    await api(`${PATH}/put-twice`, { method: 'DELETE' })
  })

  it.each([
    ['a misspelt key', { ...STAGING, filters: {} }, 'filters', 'Did you mean'],
    ['an alias event without an alias', { ...STAGING, filter: {} }, 'filter', 'alias'],
    ['an unknown source', { ...STAGING, sources: ['wandbb'] }, 'sources[0]', 'Did you mean'],
    ['a faulty condition', { ...STAGING, if: 'event.kind ==' }, 'if', ''],
    [
      'a repository outside the connection',
      { ...STAGING, destinations: [{ type: 'repository_dispatch', repository: 'other/repo' }] },
      'destinations[0].repository',
      'github.main.repositories',
    ],
    [
      'an unknown word of a template',
      {
        ...STAGING,
        destinations: [
          { type: 'repository_dispatch', repository: 'acme/x', client_payload: { a: '${artifact_verson}' } },
        ],
      },
      'destinations[0].client_payload',
      'artifact_version',
    ],
    [
      'a private address',
      { ...STAGING, destinations: [{ type: 'webhook', url: 'http://169.254.169.254/latest' }] },
      'destinations[0].url',
      '',
    ],
    [
      'a variable of the process',
      {
        ...STAGING,
        destinations: [{ type: 'webhook', url: 'https://example.com/${env:ADMIN_TOKEN}' }],
      },
      'destinations[0].url',
      'PUT /api/v1/secrets/NAME',
    ],
    [
      'a secret in clear',
      { ...STAGING, destinations: [{ type: 'webhook', url: 'https://example.com/', access_token: 'abc' }] },
      'destinations[0].access_token',
      'PUT /api/v1/secrets/NAME',
    ],
  ])(
    'are checked as those of the file are: %s is refused with its key and the fix',
    async (_, body, key, fix) => {
      const answer = await api(PATH, { method: 'POST', body })
      expect(answer.status).toBe(422)
      expect(answer.body).toMatchObject({ code: 'automation_invalid' })
      const problems = answer.body['problems'] as { key: string; message: string; fix: string }[]
      expect(problems.map((one) => one.key)).toContain(key)
      expect(problems.find((one) => one.key === key)?.fix).toContain(fix)
    },
  )

  it('cannot be changed with a read token, and only its own with a limited one', async () => {
    const read = await api(PATH, { method: 'POST', body: STAGING, headers: as(VIEWER) })
    expect([read.status, read.body['code']]).toEqual([403, 'read_only_token'])
    const other = await api(PATH, { method: 'POST', body: { ...STAGING, name: 'text' }, headers: as(VISION) })
    expect([other.status, other.body['code']]).toEqual([403, 'automation_outside_token'])
    expect((await api(PATH, { headers: as(VISION) })).body['items']).toEqual([])
    expect((await api(`${PATH}/deploy-production`, { headers: as(VISION) })).status).toBe(404)
    expect((await api(PATH, { method: 'POST', body: STAGING, headers: as(VISION) })).status).toBe(201)
    expect((await api(PATH, { headers: as(VISION) })).body['items']).toMatchObject([
      { name: 'vision-staging', updated_by: 'vision' },
    ])
  })

  it('of others that have no name yet are in no audit log of a limited token', async () => {
    expect((await api(PATH, { method: 'POST', body: { events: ['*'] } })).status).toBe(422)
    const created = (headers = {}) => api('/api/v1/audit?action=create%20automation', { headers })
    const nameless = { actor: 'admin', target: '', automation: null }
    await expect
      .poll(async () => (await created()).body['items'])
      .toEqual(expect.arrayContaining([expect.objectContaining(nameless)]))
    const seen = (await created(as(VISION))).body['items'] as { automation: string }[]
    expect(new Set(seen.map(({ automation }) => automation))).toEqual(new Set(['vision-staging']))
  })

  it('that the file takes the name of are left out, and say so', async () => {
    const taken = CONFIG.replace('deploy-production', 'vision-staging')
    scene.receiver.writeConfig(taken)
    await scene.receiver.waitFor(
      () => scene.receiver.logged('a stored automation is not in force').length > 0,
    )
    const items = (await api(PATH)).body['items'] as { origin: string; problem: { message: string } | null }[]
    expect(items.map(({ origin }) => origin)).toEqual(['file', 'api'])
    expect(items[1]?.problem?.message).toContain(scene.receiver.config_path)
  })

  it('D8: leave who, what and when in the audit log, with what was before and after', async () => {
    const { body } = await api('/api/v1/audit?target=vision-staging')
    const items = body['items'] as { action: string; actor: string; details: Record<string, unknown> }[]
    const done = items.filter(({ details }) => /created|replaced|deleted/.test(String(details['outcome'])))
    expect(done.map(({ action, actor }) => [action, actor])).toEqual([
      ['create automation', 'vision'],
      ['delete automation', 'admin'],
      ['update automation', 'admin'],
      ['create automation', 'admin'],
    ])
    expect(done[2]?.details).toMatchObject({
      before: { filter: { alias: 'staging' } },
      after: { filter: { alias: 'candidate' } },
    })
    const own = (await api('/api/v1/audit', { headers: as(VISION) })).body['items'] as {
      automation: string
    }[]
    expect(new Set(own.map(({ automation }) => automation))).toEqual(new Set(['vision-staging']))
  })
})

const server = inject('postgresUrl')

it.skipIf(server === null)(
  'A change of an automation is seen by the next event on every replica',
  { timeout: 60_000 },
  async () => {
    const DATABASE_URL = await createDatabase(server ?? '')
    const settings = { config: DEPLOY_CONFIG, github_url: 'http://127.0.0.1:9' }
    const env = { DATABASE_URL, WANDB_WEBHOOK_SECRET: WANDB_SECRET }
    const [one, other] = [
      new ReceiverProcess({ ...settings, env }),
      new ReceiverProcess({ ...settings, env }),
    ]
    try {
      await one.start()
      await other.start()
      for (let n = 0; n < 20; n++) {
        const alias = `stage-${n}`
        const body = { ...STAGING, filter: { alias } }
        const put = await one.api(`${PATH}/vision-staging`, { method: 'PUT', body })
        expect(put.status).toBe(n === 0 ? 201 : 200)
        const sent = await sendWandb(other.url, aliasBody({ alias, artifact_collection_name: `m-${n}` }))
        expect(sent.body['matched']).toEqual(['vision-staging'])
      }
      expect((await one.api(`${PATH}/vision-staging`, { method: 'DELETE' })).status).toBe(204)
      const sent = await sendWandb(
        other.url,
        aliasBody({ alias: 'stage-19', artifact_collection_name: 'last' }),
      )
      expect(sent.body['matched']).toEqual([])
    } finally {
      await one.remove()
      await other.remove()
    }
  },
)
