import { createHmac } from 'node:crypto'
import { CloudEvent, HTTP } from 'cloudevents'
import fc from 'fast-check'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import type { Arrival } from '../standins/target.ts'
import { target } from './context.ts'
import { aliasEvent } from './event.ts'
import { lastOf, send } from './webhook.ts'

/** A request as the SDK of CloudEvents reads it. */
function parse({ headers, body }: Pick<Arrival, 'headers' | 'body'>): CloudEvent<unknown> {
  const parsed = HTTP.toEvent({ headers, body: body.toString() })
  if (!(parsed instanceof CloudEvent)) throw new Error('It is no single event.')
  return parsed
}

describe('a webhook', () => {
  it('posts the event as JSON, and says which delivery it is', async () => {
    const there = await target()
    const result = await send({ url: `${there.url}/hook` })
    expect(result).toEqual({
      class: 'success',
      status: 200,
      message: '',
      fix: '',
      request: { method: 'POST', url: `${there.url}/hook`, body: JSON.stringify(aliasEvent()) },
      response: 'ok',
      retry_after_ms: null,
    })
    const [arrival] = there.arrived
    expect(JSON.parse(arrival?.body.toString() ?? '')).toEqual(aliasEvent())
    expect(arrival).toMatchObject({ method: 'POST', path: '/hook' })
    expect(arrival?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(arrival?.body.length),
      'x-model-dispatch-delivery': 'dlv_1',
      'user-agent': expect.stringMatching(/^model-dispatch\//) as string,
    })
    expect(arrival?.headers).not.toHaveProperty('authorization')
  })

  it('sends a template of its own, with words of the event, by another method', async () => {
    const there = await target()
    const body = {
      model: '${artifact_collection_name}',
      deep: [{ accuracy: '${event.metadata.accuracy}' }],
      n: 1,
    }
    await send({ url: `${there.url}/`, method: 'PUT', body, headers: { 'X-Alias': 'to ${alias}' } })
    expect(there.arrived[0]).toMatchObject({ method: 'PUT', headers: { 'x-alias': 'to production' } })
    expect(there.arrived[0]?.body.toString()).toBe('{"model":"resnet50","deep":[{"accuracy":0.97}],"n":1}')
  })

  it('takes the settings of a webhook of W&B: URL, access token and secret', async () => {
    const there = await target()
    const env = { TOKEN: 'the-access-token', SECRET: 'the-secret-of-wandb' }
    await send({ url: there.url, access_token: '${env:TOKEN}', secret: '${env:SECRET}' }, { env })
    const [arrival] = there.arrived
    expect(arrival?.headers['authorization']).toBe('Bearer the-access-token')
    const expected = createHmac('sha256', env.SECRET)
      .update(arrival?.body ?? '')
      .digest('base64')
    expect(arrival?.headers['x-wandb-signature']).toBe(expected)
  })

  it('takes the settings of a webhook of Databricks: authorization, secret, no check of certificates', async () => {
    const there = await target({ tls: true })
    const env = { AUTH: 'Basic dXNlcjpwYXNz', SECRET: 'the-secret-of-databricks' }
    const given = { authorization: '${env:AUTH}', secret: '${env:SECRET}', sign: 'databricks' }
    const result = await send({ url: there.url, ...given, enable_ssl_verification: false }, { env })
    expect(result).toMatchObject({ class: 'success' })
    const [arrival] = there.arrived
    expect(arrival?.headers['authorization']).toBe('Basic dXNlcjpwYXNz')
    const expected = createHmac('sha256', env.SECRET)
      .update(arrival?.body ?? '')
      .digest('hex')
    expect(arrival?.headers['x-databricks-signature']).toBe(expected)
    expect(await send({ url: there.url, ...given }, { env })).toMatchObject({
      class: 'ambiguous',
      message: expect.stringMatching(/certificate.*nothing was sent/) as string,
    })
    expect(there.arrived).toHaveLength(1)
  })
})

describe('a signed body', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

  it('is accepted by the libraries of Standard Webhooks and Svix, whatever the event says', async () => {
    const there = await target()
    const standard = new StandardWebhook(secret)
    const svix = new SvixWebhook(secret)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (title) => {
        const event = aliasEvent({ title: title.toWellFormed().replaceAll('\0', '') })
        const given = { url: there.url, secret: '${env:SECRET}', sign: 'standard' }
        expect(await send(given, { env: { SECRET: secret } }, { event })).toMatchObject({ class: 'success' })
        const { body, headers } = lastOf(there)
        const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
        const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]))
        expect(signed['webhook-id']).toBe('dlv_1')
        expect(standard.verify(body.toString(), signed)).toEqual(event)
        svix.verify(body, signed)
        for (const library of [standard, svix])
          expect(() => void library.verify(`${body.toString()} `, signed)).toThrow()
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['too few bytes', 'whsec_c2hvcnQtc2VjcmV0'],
    ['no base64', 'whsec_not*base64*at*all*but*long*enough'],
  ])('is not sent with a secret of %s, which those libraries refuse', async (_, value) => {
    const there = await target()
    const given = { url: there.url, secret: '${env:SECRET}', sign: 'standard' }
    expect(await send(given, { env: { SECRET: value } })).toMatchObject({
      class: 'permanent',
      fix: expect.stringContaining('openssl rand') as string,
    })
    expect(there.arrived).toEqual([])
  })
})

describe('a CloudEvent', () => {
  it('is one for the SDK of CloudEvents, with the event as its data', async () => {
    const there = await target()
    const event = aliasEvent({ id: 'evt_1' })
    await send({ url: there.url, format: 'cloudevents' }, {}, { event })
    const parsed = parse(lastOf(there))
    expect(parsed.validate()).toBe(true)
    expect(parsed).toMatchObject({
      specversion: '1.0',
      id: 'evt_1',
      source: '/sources/wandb',
      type: 'model-dispatch.alias.added',
      deliveryid: 'dlv_1',
      automation: 'deploy-production',
      data: event,
    })
  })

  it('stays one, whatever the registry called its model', async () => {
    const there = await target()
    await fc.assert(
      fc.asyncProperty(fc.option(fc.string({ unit: 'binary' })), fc.string(), async (name, occurred_at) => {
        const base = aliasEvent()
        const model = base.model === null ? null : { ...base.model, pinned: null, reference: name }
        await send({ url: there.url, format: 'cloudevents' }, {}, { event: { ...base, model, occurred_at } })
        const { headers, body } = lastOf(there)
        expect(parse({ headers, body }).validate()).toBe(true)
        // CloudEvents 1.0, type system: no control characters, and time is RFC 3339.
        const { subject = 'x', time = new Date().toISOString() } = JSON.parse(body.toString()) as Record<
          string,
          string
        >
        expect(subject).toMatch(/^[^\p{Cc}\p{Cs}]+$/u)
        expect(new Date(time).toISOString()).toBe(time)
      }),
      { numRuns: 60 },
    )
  })
})
