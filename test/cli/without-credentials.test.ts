import { describe, expect, it } from 'vitest'
import { withoutCredentials } from '../../receiver/cli/without-credentials.ts'
import type { Json } from '../../src/contract/model-event.ts'

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlb2Z0ZXN0cw'

/** The part of a body that is kept. */
function kept(body: Json, secrets: string[] = []): Json {
  return withoutCredentials({ method: 'POST', path: '/', query: {}, headers: {}, body }, secrets).body
}

describe('a captured request', () => {
  it('keeps the fields of a form, and not those whose names tell of a credential', () => {
    expect(kept('alias=production&access_token=xyz&signing_key=abc&api%5Fkey=k&event_author=jane')).toBe(
      'alias=production&access_token=removed&signing_key=removed&api%5Fkey=removed&event_author=jane',
    )
  })

  it('keeps no credential of a form with files', () => {
    const part = (name: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain\r\n\r\n${value}\r\n`
    expect(kept(`${part('alias', 'production')}${part('access_key', 'abc\r\ndef')}--b--`)).toBe(
      `${part('alias', 'production')}${part('access_key', 'removed')}--b--`,
    )
  })

  it('keeps no credential of JSON inside a text', () => {
    expect(kept({ payload: '{"alias":"production","access_key":"abc"}' })).toEqual({
      payload: '{"alias":"production","access_key":"removed"}',
    })
  })

  it('keeps no credential of URLs in its fields', () => {
    expect(
      kept({
        callback: 'https://jane:pw@hooks.example.com/x?sig=abc&v=1',
        note: 'see https://example.com/?access_token=abc',
      }),
    ).toEqual({
      callback: 'https://removed@hooks.example.com/x?sig=removed&v=1',
      note: 'see https://example.com/?access_token=removed',
    })
  })

  it('keeps no token, whatever the name of its field', () => {
    expect(kept({ a: `Bearer abcdefghijkl`, b: 'ghp_0123456789abcdef0123', c: [JWT], d: 'Bearer' })).toEqual({
      a: 'Bearer removed',
      b: 'removed',
      c: ['removed'],
      d: 'Bearer',
    })
  })

  it('keeps no secret of the process, the longer ones first', () => {
    expect(kept({ 'x a-value-01': 'a a-value-01-longer b' }, ['a-value-01', 'a-value-01-longer'])).toEqual({
      'x removed': 'a removed b',
    })
  })

  it('keeps what registries send that only looks like it', () => {
    const body = { event_author: 'jane', key: 'approved', max_tokens: 512, tokenizer: 'gpt2' }
    expect(kept(body)).toEqual(body)
  })

  it('takes a body of 1 MiB in which every word could begin a pair in a moment', () => {
    for (const body of ['a=b&'.repeat(2 ** 18), 'name="a"\r\n'.repeat(100_000), 'name="a"'.repeat(2 ** 17)])
      expect(kept(body)).toBe(body)
  })
})
