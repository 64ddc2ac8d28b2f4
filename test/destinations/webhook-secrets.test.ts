import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patience } from '../github/connections.ts'
import { senderOf, target } from './context.ts'
import { aliasEvent, delivery } from './event.ts'
import { keys, lastOf, send } from './webhook.ts'

describe('a secret of a webhook', () => {
  const env = { URL_SECRET: 'the-secret-of-the-url', KEY: 'an-api-key-of-this' }

  it('is in no record: of the whole address, in it, in a header, in a body or in an answer', async () => {
    const there = await target()
    there.answer((response, { headers, path }) => {
      const basic = headers['authorization']?.split(' ')[1] ?? ''
      const decoded = Buffer.from(basic, 'base64').toString()
      response.writeHead(400).end(`no: ${JSON.stringify({ path, headers })} ${path} ${basic} ${decoded}`)
    })
    const whole = `${there.url}/services/the-secret-of-the-url?x=the-secret-of-a-query`
    const authorization = `Basic ${Buffer.from('user:the-secret-of-a-user').toString('base64')}`
    const results = [
      await send({ url: '${env:WHOLE}' }, { env: { WHOLE: whole } }),
      await send({ url: there.url, authorization: '${env:AUTH}' }, { env: { AUTH: authorization } }),
      await send(
        {
          url: `${there.url}/hooks/\${env:URL_SECRET}?key=\${env:KEY}`,
          headers: { 'x-key': '${env:KEY}' },
          access_token: '${env:KEY}',
          body: { token: '${ACCESS_TOKEN}', stored: '${STORED}' },
        },
        { env, stored: { STORED: ['a-"stored"-value\n', '127.0.0.1'] } },
      ),
    ]
    expect(there.arrived.map(({ path }) => path)).toEqual([
      '/services/the-secret-of-the-url?x=the-secret-of-a-query',
      '/',
      '/hooks/the-secret-of-the-url?key=an-api-key-of-this',
    ])
    expect(lastOf(there).body.toString()).toBe(
      JSON.stringify({ token: 'an-api-key-of-this', stored: 'a-"stored"-value\n' }),
    )
    const urls = [`${there.url}/***`, `${there.url}/`, `${there.url}/hooks/***`]
    expect(results.map(({ request }) => request.url)).toEqual(urls)
    expect(results[2]?.request.body).toBe('{"token":"***","stored":"***"}')
    const shown = JSON.stringify(results)
    expect(shown).not.toMatch(/the-secret|an-api-key|stored.{1,3}-value/)
    expect(shown).not.toContain(authorization.slice('Basic '.length))
  })

  it('shows in no list: host and path are there without it', () => {
    const sender = senderOf('webhook', {
      env: { ...env, WHOLE: 'https://hooks.example.com/T0/B0/abcdef?sig=x' },
    })
    const place = (url: string) => sender.target(delivery(keys({ url }))).target
    expect(place('https://hooks.example.com/x/${alias}?y=z')).toBe('https://hooks.example.com/x/production')
    expect(place('${env:WHOLE}')).toBe('https://hooks.example.com/***')
    expect(place('https://hooks.example.com/x/${env:KEY}/y')).toBe('https://hooks.example.com/x/***/y')
    expect(place('https://hooks.example.com/x/${KEY}')).toBe('https://hooks.example.com/x/***')
    expect(place('${env:NOT_THERE}')).toBe('***')
  })

  it('is masked in what a test or an explanation shows', () => {
    const sender = senderOf('webhook', { env })
    const given = { url: 'https://h.example.com/${env:KEY}', body: { k: '${STORED}' }, secret: '${env:KEY}' }
    expect(sender.render(delivery(keys(given)))).toEqual({
      method: 'POST',
      url: 'https://h.example.com/***',
      body: { k: '***' },
    })
  })

  it('is asked for at each attempt', async () => {
    const there = await target()
    const values = { KEY: 'the-first-value' }
    const sender = senderOf('webhook', { env: values })
    const input = delivery(keys({ url: there.url, access_token: '${env:KEY}' }))
    await sender.send(input, patience())
    values.KEY = 'the-second-value'
    await sender.send(input, patience())
    expect(there.arrived.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer the-first-value',
      'Bearer the-second-value',
    ])
  })

  it.each([
    ['a variable that is gone', { access_token: '${env:GONE}' }, 'The variable GONE is not set.'],
    ['a named secret that is not stored', { body: { x: '${GONE}' } }, 'There is no secret GONE.'],
  ])('that has no value now lets deliveries wait: %s', async (_, given, message) => {
    const there = await target()
    const result = await send({ url: there.url, ...given })
    expect(result).toMatchObject({ class: 'credentials', status: null, message, response: null })
    expect(there.arrived).toEqual([])
  })

  it.each([
    [
      'is bound to another host',
      { STORED: ['a-stored-value', 'api.example.com'] },
      'is bound to api.example.com',
    ],
    ['is bound to a host below', { STORED: ['a-stored-value', '*.127.0.0.1'] }, 'is bound to *.127.0.0.1'],
    ['is too short to be masked', { STORED: ['short', '127.0.0.1'] }, 'shorter than 8 characters'],
  ] as const)('goes nowhere when it %s', async (_, stored, message) => {
    const there = await target()
    const result = await send({ url: there.url, body: { x: '${STORED}' } }, { stored })
    expect(result).toMatchObject({ class: 'permanent', message: expect.stringContaining(message) as string })
    expect(there.arrived).toEqual([])
  })

  it('with a line break goes into no header', async () => {
    const there = await target()
    const given = { url: there.url, headers: { 'x-key': '${env:KEY}' } }
    const result = await send(given, { env: { KEY: 'value-1\r\nx-evil: 1' } })
    expect(result).toMatchObject({ class: 'permanent', message: expect.stringContaining('x-key') as string })
    expect(there.arrived).toEqual([])
  })
})

describe('an event that wants more', () => {
  it.each(['..', '.', '%2e%2e', '../../admin'])(
    'cannot leave its part of the address with %j',
    async (alias) => {
      const there = await target()
      const base = aliasEvent()
      const event = { ...base, change: { ...base.change, alias } }
      const result = await send({ url: `${there.url}/models/\${event.change.alias}/x` }, {}, { event })
      if (result.class === 'success') expect(there.arrived[0]?.path).toMatch(/^\/models\/[^/]+\/x$/)
      else expect(there.arrived).toEqual([])
    },
  )

  it('is always one part of the address, and one value of the body, whatever it holds', async () => {
    const there = await target()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (alias) => {
        const base = aliasEvent()
        const event = {
          ...base,
          change: { ...base.change, alias: alias.toWellFormed().replaceAll('\0', '') },
        }
        const given = {
          url: `${there.url}/models/\${event.change.alias}/x?a=\${event.change.alias}`,
          body: { alias: '${event.change.alias}', other: 'kept' },
        }
        const before = there.arrived.length
        const result = await send(given, {}, { event })
        const arrival = there.arrived[before]
        expect(result.class === 'success').toBe(arrival !== undefined)
        if (arrival === undefined) return
        const url = new URL(arrival.path, there.url)
        expect(url.pathname.split('/')).toHaveLength(4)
        expect([...url.searchParams]).toEqual([['a', event.change.alias]])
        expect(JSON.parse(arrival.body.toString())).toEqual({
          alias: event.change.alias,
          other: 'kept',
        })
      }),
      { numRuns: 60 },
    )
  })

  it('is refused when its body is too large', async () => {
    const there = await target()
    const event = aliasEvent({ metadata: { text: 'x'.repeat(1_000_000) } })
    const result = await send({ url: there.url }, {}, { event })
    expect(result).toMatchObject({
      class: 'permanent',
      message: expect.stringMatching(/takes \d+ bytes/) as string,
    })
    expect(there.arrived).toEqual([])
  })
})
