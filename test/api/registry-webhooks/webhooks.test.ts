import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATABRICKS_EVENTS } from '../../../src/contract/databricks/events.ts'
import { SOON } from '../../regressions/receiver.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../../support/send.ts'
import { AUTHORIZATION, SECRET, startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

describe('A registry webhook (D6)', () => {
  it('is created with its id, and shown without any secret (D9)', async () => {
    const webhook = await world.create({ model_name: 'resnet50', description: 'Slack', status: 'TEST_MODE' })
    expect(webhook).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      creation_timestamp: expect.any(Number) as number,
      last_updated_timestamp: expect.any(Number) as number,
      status: 'TEST_MODE',
      events: ['MODEL_VERSION_CREATED'],
      description: 'Slack',
      model_name: 'resnet50',
      http_url_spec: { url: world.spec().url, enable_ssl_verification: false },
    })
    expect(await world.list()).toContainEqual(webhook)
    await world.remove(webhook)
    expect(await world.list()).not.toContainEqual(webhook)
  })

  it('is an automation, and leaves the list when it is edited beyond what a webhook can say', async () => {
    const webhook = await world.create()
    const path = `/api/v1/automations/registry-webhook-${webhook.id}`
    const automation = await world.call('GET', path)
    expect(automation.status).toBe(200)
    expect(automation.text).not.toContain(SECRET)
    expect(automation.text).not.toContain(AUTHORIZATION)
    const patch = { if: 'event.author == "jane"' }
    const edited = await world.call('PATCH', path, patch, { 'content-type': 'application/json' })
    expect(edited.status, edited.text).toBe(200)
    expect((await world.list()).map(({ id }) => id)).not.toContain(webhook.id)
    const update = await world.call('PATCH', 'update', { id: webhook.id, status: 'DISABLED' })
    expect(update).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } })
    expect(update.body['message']).toContain(path)
    await world.call('DELETE', path)
  })

  it('is changed in what is given alone, and its address is replaced whole', async () => {
    const webhook = await world.create({ description: 'before' })
    const changed = await world.call('PATCH', 'update', { id: webhook.id, status: 'disabled' })
    expect(changed.body['webhook']).toMatchObject({
      ...webhook,
      status: 'DISABLED',
      last_updated_timestamp: expect.any(Number) as number,
    })
    const url = `${world.endpoint.url}/elsewhere`
    const moved = await world.call('PATCH', 'update', { id: webhook.id, http_url_spec: { url } })
    expect(moved.body['webhook']).toMatchObject({ http_url_spec: { url, enable_ssl_verification: true } })
    const { body } = await world.call('GET', `/api/v1/automations/registry-webhook-${webhook.id}`)
    expect(JSON.stringify(body)).not.toContain('_SECRET_')
    await world.remove(webhook)
  })

  it('that is refused leaves none of its secrets behind, new or changed', async () => {
    const webhook = await world.create()
    const kept = async () => {
      const { body } = await world.call('GET', '/api/v1/secrets')
      return (body['items'] as { name: string }[])
        .map(({ name }) => name)
        .filter((name) => !before.includes(name))
    }
    const before: string[] = []
    before.push(...(await kept()))
    // An address that OUTBOUND_ALLOW_CIDRS does not name: the automation is checked when its secrets are there.
    const spec = { ...world.spec(), url: 'https://10.0.0.1/hook' }
    const events = ['MODEL_VERSION_CREATED']
    const job_spec = { job_id: '1', workspace_url: 'https://10.0.0.1', access_token: 'dapi-of-no-job' }
    for (const answer of [
      await world.call('POST', 'create', { events, http_url_spec: spec }),
      await world.call('POST', 'create', { events, job_spec }),
      await world.call('PATCH', 'update', { id: webhook.id, http_url_spec: spec }),
    ])
      expect([answer.status, answer.body['error_code']], answer.text).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
      ])
    expect(await kept()).toEqual([])
    await world.remove(webhook)
  })

  it('is listed by model, by any of several events, and in pages', async () => {
    const made = [
      await world.create({ model_name: 'm1' }),
      await world.create({ model_name: 'm2', events: ['COMMENT_CREATED'] }),
      await world.create({ events: ['REGISTERED_MODEL_CREATED', 'COMMENT_CREATED'] }),
    ]
    const [first = '', second = '', third = ''] = made.map(({ id }) => id)
    const ids = async (query: string) => (await world.list(query)).map(({ id }) => id)
    expect(await ids('?')).toEqual([first, second, third])
    expect(await ids('/?model_name=m1')).toEqual([first])
    expect(await ids('?events=MODEL_VERSION_CREATED&events=REGISTERED_MODEL_CREATED&page_token=')).toEqual([
      first,
      third,
    ])
    const page = await world.call('GET', 'list?max_results=2')
    const token = String(page.body['next_page_token'])
    expect(await ids(`?max_results=2&page_token=${token}`)).toEqual([third])
    const last = await world.call('GET', `list?max_results=2&page_token=${token}`)
    expect(last.body).not.toHaveProperty('next_page_token')
    for (const webhook of made) await world.remove(webhook)
    expect((await world.call('GET', 'list')).body).toEqual({ webhooks: [] })
  })

  it('may be for each of the twelve events, and for all of them', async () => {
    const names = Object.keys(DATABRICKS_EVENTS)
    for (const events of [...names.map((name) => [name]), names, names.toReversed()]) {
      const webhook = await world.create({ events })
      expect(webhook['events']).toEqual(events)
      await world.remove(webhook)
    }
  })

  it('is registry-wide where it is for new models (D5)', async () => {
    const events = ['REGISTERED_MODEL_CREATED']
    const refused = await world.call('POST', 'create', {
      events,
      model_name: 'm',
      http_url_spec: world.spec(),
    })
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } })
    const webhook = await world.create({ model_name: 'm' })
    expect((await world.call('PATCH', 'update', { id: webhook.id, events })).status).toBe(400)
    await world.remove(webhook)
    await world.remove(await world.create({ events, model_name: '' }))
  })
})

describe('What a registry webhook sends', () => {
  it("is signed, carries the authorization, and has the document's fields for the alias of W&B (D7)", async () => {
    const events = ['MODEL_VERSION_TRANSITIONED_TO_PRODUCTION']
    const webhook = await world.create({ events, http_url_spec: world.spec('/alias') })
    const others = await world.create({
      events,
      model_name: 'other',
      http_url_spec: world.spec('/alias-other'),
    })
    const off = await world.create({ events, status: 'DISABLED', http_url_spec: world.spec('/alias-off') })
    const answer = await sendWandb(world.scene.receiver.url, aliasBody())
    expect(answer.body).toMatchObject({ matched: [`registry-webhook-${webhook.id}`] })
    await expect.poll(() => world.arrivedAt('/alias'), SOON).toHaveLength(1)
    const [arrival] = world.endpoint.arrived.filter(({ path }) => path === '/alias')
    expect(arrival?.headers['x-databricks-signature']).toBe(
      createHmac('sha256', SECRET)
        .update(arrival?.body ?? '')
        .digest('hex'),
    )
    expect(arrival?.headers.authorization).toBe(AUTHORIZATION)
    expect(world.arrivedAt('/alias')[0]).toEqual({
      event: 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION',
      webhook_id: webhook.id,
      event_timestamp: expect.any(Number) as number,
      model_name: 'resnet50',
      version: '',
      to_stage: 'Production',
      from_stage: 'None',
      text: "Registered model 'resnet50' transitioned from None to Production.",
    })
    expect(world.arrivedAt('/alias-other')).toEqual([])
    for (const one of [webhook, others, off]) await world.remove(one)
  })

  it('is what Databricks itself sent, under the id of this webhook', async () => {
    const webhook = await world.create({
      events: ['COMMENT_CREATED'],
      http_url_spec: world.spec('/comments'),
    })
    const sent = {
      event: 'COMMENT_CREATED',
      webhook_id: '8d7fc634e624474f9bbfde960fdf354c',
      event_timestamp: 1589859029343,
      model_name: 'Airline_Delay_SparkML',
      version: '8',
      comment: 'Raw text content of the comment',
      text: "A user commented on registered model 'someModel' version 8.",
    }
    await sendDatabricks(world.scene.receiver.url, sent)
    await expect.poll(() => world.arrivedAt('/comments'), SOON).toEqual([{ ...sent, webhook_id: webhook.id }])
    await world.remove(webhook)
  })

  it('runs a job with the body as its parameter, and the audit log says which (D8)', async () => {
    world.endpoint.answer((response) => response.end('{"run_id":7}'))
    const job_spec = { job_id: '42', workspace_url: world.endpoint.url, access_token: 'dapi-of-this-job' }
    const webhook = await world.create({
      events: ['MODEL_VERSION_TAG_SET'],
      http_url_spec: undefined,
      job_spec,
    })
    const tags = [{ key: 'key1', value: 'value1' }]
    const sent = { event: 'MODEL_VERSION_TAG_SET', model_name: 'm', version: '8', tags, text: 'A text.' }
    await sendDatabricks(world.scene.receiver.url, sent)
    await expect.poll(() => world.arrivedAt('/api/2.2/jobs/run-now'), SOON).toHaveLength(1)
    const [run] = world.arrivedAt('/api/2.2/jobs/run-now')
    const { event_message } = run?.['notebook_params'] as { event_message: string }
    expect(JSON.parse(event_message)).toMatchObject({ ...sent, webhook_id: webhook.id })
    const query = `/api/v1/audit?action=trigger&target=registry-webhook-${webhook.id}`
    const entries = async () => (await world.call('GET', query)).body['items']
    await expect.poll(entries, SOON).toMatchObject([
      {
        actor: 'model-dispatch',
        details: { job_id: '42', workspace_url: world.endpoint.url, status: 200 },
      },
    ])
    world.endpoint.answer((response) => response.end('ok'))
    await world.remove(webhook)
  })

  it('is written to the audit log, with its URL and enable_ssl_verification (D8)', async () => {
    const webhook = await world.create({ events: ['COMMENT_CREATED'], http_url_spec: world.spec('/audited') })
    await world.call('POST', 'test', { id: webhook.id })
    await world.call('PATCH', 'update', { id: webhook.id, description: 'changed' })
    await sendDatabricks(world.scene.receiver.url, { event: 'COMMENT_CREATED', model_name: 'audited' })
    await expect.poll(() => world.arrivedAt('/audited'), SOON).toHaveLength(2)
    await world.list()
    await world.remove(webhook)
    const name = `registry-webhook-${webhook.id}`
    const entries = async () =>
      (await world.call('GET', '/api/v1/audit?limit=200')).body['items'] as Audited[]
    const actions = async () =>
      (await entries()).filter(({ target }) => target === name).map(({ action }) => action)
    await expect
      .poll(async () => (await actions()).sort(), SOON)
      .toEqual(['create automation', 'delete automation', 'test automation', 'trigger', 'update automation'])
    const all = await entries()
    expect(all.map(({ action }) => action)).toContain('list automations')
    expect(all.find(({ action, target }) => action === 'trigger' && target === name)).toMatchObject({
      details: { url: world.spec('/audited').url, enable_ssl_verification: false, status: 200 },
    })
    expect(JSON.stringify(all)).not.toContain(SECRET)
    expect(JSON.stringify(all)).not.toContain(AUTHORIZATION)
  })
})

interface Audited {
  action: string
  target: string | null
}
