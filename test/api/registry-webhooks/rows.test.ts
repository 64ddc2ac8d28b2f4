import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SOON } from '../../regressions/receiver.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../../support/send.ts'
import { AUTHORIZATION, SECRET, startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/** Sends an event as Databricks does; returns the automations that want it. */
const send = async (event: string, model_name: string, more: object = {}) => {
  const sent = { event, model_name, event_timestamp: Date.now(), webhook_id: 'f'.repeat(32), ...more }
  return (await sendDatabricks(world.scene.receiver.url, sent)).body['matched']
}
const nameOf = ({ id }: { id: string }) => `registry-webhook-${id}`

describe("The rows of Databricks' document", () => {
  it('D5: a webhook of one model hears of that one alone, a registry-wide one of all and of new ones', async () => {
    const events = ['MODEL_VERSION_CREATED']
    const one = await world.create({ events, model_name: 'resnet50' })
    const wide = await world.create({ events: [...events, 'REGISTERED_MODEL_CREATED'] })
    expect(await send('MODEL_VERSION_CREATED', 'resnet50', { version: '1' })).toEqual(
      [nameOf(one), nameOf(wide)].sort(),
    )
    expect(await send('MODEL_VERSION_CREATED', 'other', { version: '1' })).toEqual([nameOf(wide)])
    expect(await send('REGISTERED_MODEL_CREATED', 'resnet50')).toEqual([nameOf(wide)])
    const body = { events: ['REGISTERED_MODEL_CREATED'], model_name: 'm', http_url_spec: world.spec() }
    const refused = await world.call('POST', 'create', body)
    expect([refused.status, refused.body['error_code']]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
    for (const webhook of [one, wide]) await world.remove(webhook)
  })

  it.each(['/api/2.0/mlflow/registry-webhooks', '/api/2.0/preview/mlflow/registry-webhooks'])(
    'D6: a webhook is created, listed, updated, tested and deleted under %s',
    async (base) => {
      const call = (method: string, name: string, body?: unknown) =>
        world.call(method, `${base}/${name}`, body)
      const events = ['MODEL_VERSION_TRANSITIONED_STAGE']
      const created = await call('POST', 'create', { events, http_url_spec: world.spec('/rows') })
      const { id } = created.body['webhook'] as { id: string }
      expect((await call('GET', 'list')).body['webhooks']).toEqual([created.body['webhook']])
      const updated = await call('PATCH', 'update', { id, description: 'changed' })
      expect(updated.body['webhook']).toMatchObject({ id, events, description: 'changed' })
      expect((await call('POST', 'test', { id })).body).toMatchObject({ status_code: 200, body: 'ok' })
      const deleted = await call('DELETE', 'delete', { id })
      expect([deleted.status, deleted.text]).toEqual([200, '{}'])
      expect((await call('GET', 'list')).body).toEqual({ webhooks: [] })
    },
  )

  it('D7: TEST_MODE fires on a test alone, ACTIVE on events, DISABLED on none; a test shows status and body', async () => {
    const webhook = await world.create({ status: 'TEST_MODE', http_url_spec: world.spec('/modes') })
    const { id } = webhook
    const happens = () => send('MODEL_VERSION_CREATED', 'modes', { version: '1' })
    expect(await happens()).toEqual([])
    world.endpoint.answer((response) => response.writeHead(418).end('a teapot'))
    expect((await world.call('POST', 'test', { id })).body).toMatchObject({
      status_code: 418,
      body: 'a teapot',
    })
    world.endpoint.answer((response) => response.end('ok'))
    await world.call('PATCH', 'update', { id, status: 'ACTIVE' })
    expect(await happens()).toEqual([nameOf(webhook)])
    await expect.poll(() => world.arrivedAt('/modes'), SOON).toHaveLength(2)
    await world.call('PATCH', 'update', { id, status: 'DISABLED' })
    expect(await happens()).toEqual([])
    await world.remove(webhook)
  })

  it('D8: the audit log has who created, updated, listed, deleted and tested, and each trigger with its address', async () => {
    const webhook = await world.create({ http_url_spec: world.spec('/log') })
    const { id } = webhook
    await world.call('PATCH', 'update', { id, description: 'changed' })
    await world.call('POST', 'test', { id })
    expect(await send('MODEL_VERSION_CREATED', 'log', { version: '1' })).toEqual([nameOf(webhook)])
    await expect.poll(() => world.arrivedAt('/log'), SOON).toHaveLength(2)
    await world.list()
    await world.remove(webhook)
    const spec = { url: world.spec('/log').url, enable_ssl_verification: false }
    const entries = async () => {
      const items = (await world.call('GET', '/api/v1/audit?limit=200')).body['items'] as Entry[]
      const seen = items.filter(
        ({ action, target }) => target === nameOf(webhook) || action.startsWith('list'),
      )
      return Object.fromEntries(seen.map(({ action, actor, details }) => [action, { actor, details }]))
    }
    await expect.poll(entries, SOON).toMatchObject({
      'create automation': { actor: 'admin', details: { before: null, after: spec } },
      'update automation': { actor: 'admin', details: { before: spec, after: { description: 'changed' } } },
      'list automations': { actor: 'admin' },
      'delete automation': { actor: 'admin', details: { before: spec, after: null } },
      'test automation': { actor: 'admin', details: { ...spec, status: 200 } },
      trigger: { actor: 'model-dispatch', details: { ...spec, status: 200 } },
    })
  })

  it('D9: no answer holds a secret, and what is sent holds no path of an artifact', async () => {
    const events = ['MODEL_VERSION_TRANSITIONED_TO_PRODUCTION']
    const webhook = await world.create({ events, http_url_spec: world.spec('/paths') })
    const { id } = webhook
    const stored = `/api/v1/automations/${nameOf(webhook)}`
    for (const answer of [
      await world.call('GET', 'list'),
      await world.call('PATCH', 'update', { id, description: 'changed' }),
      await world.call('POST', 'test', { id }),
      await world.call('GET', stored),
      await world.call('POST', `${stored}/test`, '{}', { 'content-type': 'application/json' }),
      await world.call('GET', '/api/v1/secrets'),
      await world.call('GET', '/api/v1/audit?limit=200'),
    ]) {
      expect(answer.status, answer.text).toBe(200)
      for (const secret of [SECRET, AUTHORIZATION, AUTHORIZATION.slice(7)])
        expect(answer.text).not.toContain(secret)
    }
    const event = aliasBody({
      artifact_collection_name: 'paths',
      'artifact_metadata.path': 's3://bucket/model.bin',
    })
    await sendWandb(world.scene.receiver.url, event)
    const arrived = () => world.arrivedAt('/paths').filter(({ model_name }) => model_name === 'paths')
    await expect.poll(arrived, SOON).toHaveLength(1)
    const sent = arrived()[0]
    expect(Object.keys(sent ?? {}).sort()).toEqual(
      'event event_timestamp from_stage model_name text to_stage version webhook_id'.split(' '),
    )
    expect(JSON.stringify(sent)).not.toMatch(/:\/\/|bucket|wandb-artifact/)
    await world.remove(webhook)
  })
})

interface Entry {
  action: string
  actor: string
  target: string | null
  details: Record<string, unknown>
}
