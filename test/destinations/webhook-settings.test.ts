import { describe, expect, it } from 'vitest'
import { patience } from '../github/connections.ts'
import { senderOf } from './context.ts'
import { delivery } from './event.ts'
import { keys, problems, webhookType } from './webhook.ts'

describe('where a webhook goes', () => {
  const sender = (env = {}) => senderOf('webhook', { env })

  it('is one lane for one URL, by its value', () => {
    const env = { A: 'https://hooks.example.com/T0', B: 'https://hooks.example.com/T1' }
    const lane = (url: string) => sender(env).target(delivery(keys({ url }))).lane
    expect(lane('${env:A}')).toMatch(/^webhook:hooks\.example\.com\/[\da-f]{16}$/)
    expect(lane('${env:A}')).toBe(lane('https://hooks.example.com/T0'))
    expect(lane('${env:A}')).not.toBe(lane('${env:B}'))
  })

  it('is never inside the network', async () => {
    const result = await senderOf('webhook', { rules: { allow_cidrs: [] } }).send(
      delivery(keys({ url: 'http://127.0.0.1:1/x' })),
      patience(),
    )
    expect(result).toMatchObject({
      class: 'permanent',
      status: null,
      message: '127.0.0.1 is a loopback address (this machine).',
      fix: expect.stringContaining('OUTBOUND_ALLOW_CIDRS') as string,
    })
  })
})

describe('the settings of a webhook', () => {
  it('are sound as in the example, and with nothing but a URL', () => {
    expect(problems(webhookType?.example ?? {})).toEqual([])
    expect(problems({})).toEqual([])
  })

  it.each([
    [
      'an inner address',
      { url: 'https://10.0.0.1/x' },
      /^url: 10\.0\.0\.1 is a private address -> .*OUTBOUND_ALLOW_CIDRS/,
    ],
    ['http', { url: 'http://hooks.example.com/' }, /^url: http:.* -> .*OUTBOUND_ALLOW_HTTP/],
    [
      'a host from an event',
      { url: 'https://${alias}.example.com/' },
      /^url: the host cannot come from an event/,
    ],
    ['a host that an event ends', { url: 'https://example.com${alias}/' }, /^url: the host cannot come/],
    ['a port from an event', { url: 'https://example.com:${alias}/' }, /^url: the host cannot come/],
    ['all from an event', { url: '${event.model.url}' }, /^url: the host cannot come/],
    ['credentials', { url: 'https://me:pw@example.com/' }, /^url: .*user name or password/],
    ['an unknown word', { url: 'https://example.com/${alais}' }, /^url: \$\{alais\} is not a word.*`?alias/],
    [
      'an unknown word in a body',
      { body: { a: ['${alais}'] } },
      /^body: body\.a\[0\]: \$\{alais\} is not a word/,
    ],
    ['an unknown word in a header', { headers: { a: '${alais}' } }, /^headers\.a: \$\{alais\} is not a word/],
    ['a reference in a body', { body: { a: '${env:X}' } }, /^body: .*PUT \/api\/v1\/secrets/],
    [
      'two authorizations',
      { access_token: '${env:A}', authorization: '${env:B}' },
      /^authorization: contradicts/,
    ],
    ['a token that is not there', { body: { t: '${ACCESS_TOKEN}' } }, /^access_token: .*is not set/],
    [
      'a token that is itself',
      { access_token: '${ACCESS_TOKEN}' },
      /^access_token: .*\$\{env:ACCESS_TOKEN\}/,
    ],
    [
      'a header of another key',
      { headers: { Authorization: 'x' } },
      /^headers\.Authorization: .*`authorization`/,
    ],
    ['a header of HTTP', { headers: { Host: 'x' } }, /^headers\.Host: cannot be set/],
    ['a name of no header', { headers: { 'a b': 'x' } }, /^headers\.a b: is not the name of a header/],
    ['a header twice', { headers: { 'x-a': '1', 'X-A': '2' } }, /^headers\.X-A: is there twice/],
  ])('are refused with %s', (_, given, expected) => {
    expect(problems(given)).toEqual([expect.stringMatching(expected)])
  })
})
