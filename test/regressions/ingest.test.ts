import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { Client } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { aliasBody, sendDatabricks, sendWandb, WANDB_SECRET } from '../support/send.ts'
import { SOON, startHouse, storedEvents, type House, type HouseOptions } from './receiver.ts'

const HOUR = 3_600_000

async function open(options?: HouseOptions): Promise<House> {
  const house = await startHouse(options)
  onTestFinished(() => house.close())
  return house
}

/** A clock that can be moved. */
function movable() {
  const clock = { ahead: 0, wall: () => Date.now() + clock.ahead, steady: () => Date.now() + clock.ahead }
  return clock
}

const signatureOf = (body: string) => createHmac('sha256', WANDB_SECRET).update(body).digest('base64')

describe('an event that cannot be stored', () => {
  // Seen in argo-events #3448 (200 although the event was lost) and in convoy's ingest (400 for a queue that is down).
  it.each([
    [
      'a store that is away',
      new StoreUnavailable('no space left', 'make room'),
      503,
      'It may not have been stored',
    ],
    ['any other fault of the store', new Error('not foreseen'), 500, 'has logged why'],
  ])('(%s) is neither a success nor the fault of its sender', async (_, fault, status, said) => {
    const clock = movable()
    let broken = true
    const around = (store: Store): Store => ({
      ...store,
      accept(args) {
        if (!broken) return store.accept(args)
        clock.ahead += 6_000
        return Promise.reject(fault)
      },
    })
    const house = await open({ clock, around })
    const refused = await sendWandb(house.url, aliasBody())
    expect(refused.status).toBe(status)
    expect(refused.body['message']).toContain(said)
    expect(await storedEvents(house)).toEqual([])
    broken = false
    expect((await sendWandb(house.url, aliasBody())).body['status']).toBe('accepted')
    expect(await storedEvents(house)).toHaveLength(1)
  })
})

describe('a chunked body', () => {
  const config = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], body_limit: 1KiB }
automations: []
`
  const whole = JSON.stringify({ pad: 'x'.repeat(1_014) })

  // Seen in convoy's ingest.
  it('is not cut at the limit and taken for the part that was read, even where that part is signed', async () => {
    expect(whole).toHaveLength(1_024)
    const house = await open({ config })
    const headers = { 'x-wandb-signature': signatureOf(whole) }
    const cut = await sendWandb(house.url, `${whole} `, { secret: null, headers, chunked: true })
    expect(cut.status).toBe(413)
    expect(await storedEvents(house)).toEqual([])
    expect((await sendWandb(house.url, whole, { secret: null, headers, chunked: true })).status).toBe(202)
  })

  // Seen in convoy's ingest.
  it('that breaks off is not taken for what came of it, even where that is signed', async () => {
    const house = await open({ config })
    const broken = httpRequest(`${house.url}/webhooks/wandb`, {
      method: 'POST',
      headers: { 'x-wandb-signature': signatureOf(whole) },
      agent: false,
    })
    const closed = new Promise((resolve) => broken.on('error', resolve))
    broken.write(whole)
    await new Promise((resolve) => setTimeout(resolve, 100))
    broken.destroy(new Error('cut'))
    await closed
    const { body } = await sendWandb(house.url, { after: 'the cut' })
    expect(await storedEvents(house)).toEqual([body['event_id']])
  })
})

describe('a request that proves nothing', () => {
  /** What the engine does whether requests come or not. */
  const BY_ITSELF = ['advance', 'backlog', 'wakeLanes', 'sweep', 'renameLane']

  // Seen in convoy's ingest.
  it('asks the store for nothing', async () => {
    const calls: { operation: string; text: string }[] = []
    const around = (store: Store): Store =>
      new Proxy(store, {
        get(target, operation: string) {
          const value: unknown = Reflect.get(target, operation)
          if (typeof value !== 'function') return value
          return (...args: unknown[]) => {
            calls.push({ operation, text: JSON.stringify(args) })
            return (value as (...given: unknown[]) => unknown).apply(target, args)
          }
        },
      })
    const house = await open({ around })
    expect((await sendWandb(house.url, aliasBody({ event_author: 'honest' }))).status).toBe(202)
    await expect.poll(() => house.github.dispatches.length, SOON).toBe(1)
    expect(calls.filter(({ text }) => text.includes('honest'))).not.toEqual([])
    await expect
      .poll(async () => (await house.api('/api/v1/deliveries?status=succeeded')).body['items'], SOON)
      .toHaveLength(1)
    calls.length = 0
    for (let n = 0; n < 20; n++) {
      const forged = aliasBody({ event_author: 'forger', n })
      const headers = { 'x-request-id': 'forger', 'webhook-id': 'forger' }
      expect((await sendWandb(house.url, forged, { secret: 'wrong', headers })).status).toBe(401)
    }
    expect(calls.filter(({ text }) => text.includes('forger'))).toEqual([])
    // What is stored is our own event, once: that this source refuses requests.
    const asked = calls.filter(({ operation }) => !BY_ITSELF.includes(operation))
    expect(asked.filter(({ text }) => !text.includes('source.rejecting'))).toEqual([])
    expect(asked.length).toBeLessThanOrEqual(1)
  })
})

describe('a captured request', () => {
  // Seen in outpost's signatures, which leave the timestamp header out.
  it('does not pass for a new one because its headers, which nobody signed, say another time', async () => {
    const clock = movable()
    const house = await open({
      clock,
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], repeats: refuse }
  lenient: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github: { main: { repositories: ['acme/*'], writes_per_second: 0 } }
automations:
  - name: deploy
    sources: [wandb]
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`,
    })
    const capture = async (source: string) =>
      (await sendWandb(house.url, aliasBody(), { source })).body['event_id']
    const again = (source: string) => {
      const now = String(clock.wall())
      const names = ['date', 'x-timestamp', 'x-wandb-timestamp', 'webhook-timestamp', 'x-request-id']
      const headers = Object.fromEntries(names.map((name) => [name, now]))
      return sendWandb(house.url, aliasBody(), { source, headers })
    }
    const [first, told] = [await capture('wandb'), await capture('lenient')]
    clock.ahead += HOUR
    const refused = await again('wandb')
    expect(refused.status).toBe(200)
    expect(refused.body).toMatchObject({ status: 'duplicate', event_id: first })
    const taken = await again('lenient')
    const { body } = await house.api(`/api/v1/events/${String(taken.body['event_id'])}`)
    expect(body['event']).toMatchObject({ repeat_of: told })
    expect((await house.api('/api/v1/deliveries')).body['items']).toHaveLength(1)
  })
})

describe('a sender that gives no id', () => {
  // Seen in hermes-agent #58461.
  it('is not given one that changes: the same bytes are the same event, later and after a restart, per source', async () => {
    const clock = movable()
    const house = await open({
      clock,
      config: `version: 1
sources:
  one: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
  two: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
automations: []
`,
    })
    const send = async (source: string) =>
      (await sendDatabricks(house.url, { event: 'COMMENT_CREATED', model_name: 'm' }, { source })).body
    const { event_id } = await send('one')
    clock.ahead += HOUR
    expect(await send('one')).toMatchObject({ status: 'duplicate', event_id })
    await house.restart()
    expect(await send('one')).toMatchObject({ status: 'duplicate', event_id })
    const other = await send('two')
    expect(other['status']).toBe('accepted')
    expect(await send('two')).toMatchObject({ status: 'duplicate', event_id: other['event_id'] })
  })
})

describe('an answer with characters beyond ASCII', () => {
  // Seen in @octokit/webhooks, which counted UTF-16 units into Content-Length.
  it('does not spoil the connection for the next request', async () => {
    const house = await open()
    const client = new Client(house.url, { pipelining: 1 })
    onTestFinished(() => client.close())
    let connections = 0
    client.on('connect', () => (connections += 1))
    for (const alias of ['größe', '漢字', '🚀🚀🚀', 'plain']) {
      const body = JSON.stringify(aliasBody({ alias }))
      const {
        statusCode,
        headers,
        body: stream,
      } = await client.request({
        method: 'POST',
        path: '/webhooks/wandb',
        headers: { 'x-wandb-signature': signatureOf(body) },
        body,
      })
      const text = await stream.text()
      expect(statusCode).toBe(202)
      expect(text).toContain(alias)
      expect(headers['content-length']).toBe(String(Buffer.byteLength(text)))
    }
    expect(connections).toBe(1)
  })
})

describe('forwarded headers', () => {
  const forged = {
    'x-forwarded-for': '203.0.113.7',
    'x-real-ip': '203.0.113.7',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'for=203.0.113.7;host=evil.example;proto=https',
  }

  // Seen in gosmee, whose SECURITY.md warns of it.
  it('of anybody are not believed: they change neither an answer nor the log', async () => {
    const house = await open()
    const bad = { secret: 'wrong' }
    const plain = await sendWandb(house.url, aliasBody(), bad)
    expect((await sendWandb(house.url, aliasBody(), { ...bad, headers: forged })).text).toBe(plain.text)
    const [first, second] = [
      await sendWandb(house.url, aliasBody({ n: 1 })),
      await sendWandb(house.url, aliasBody({ n: 2 }), { headers: forged }),
    ]
    const shape = ({ status, headers, body }: typeof first) => ({
      status,
      headers: { ...headers, date: '' },
      body: { ...body, event_id: '', deliveries: [] },
    })
    expect(shape(second)).toEqual(shape(first))
    const stored = (await house.api(`/api/v1/events/${String(second.body['event_id'])}`)).text
    for (const text of [stored, JSON.stringify(house.log)]) {
      expect(text).not.toMatch(/203\.0\.113\.7|evil\.example/)
    }
  })
})
