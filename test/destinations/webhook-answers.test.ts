import { describe, expect, it } from 'vitest'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { target } from './context.ts'
import { send } from './webhook.ts'

describe('the answer of a webhook', () => {
  it.each([
    [200, {}, '', { class: 'success', message: '' }],
    [201, {}, '', { class: 'success' }],
    [204, {}, '', { class: 'success', response: '' }],
    [
      301,
      { location: 'https://elsewhere.example/x?secret=y' },
      '',
      { class: 'permanent', message: /redirects \(HTTP 301 to https:\/\/elsewhere\.example\/x\)/ },
    ],
    [307, {}, '', { class: 'permanent', message: /redirects are not followed/ }],
    [400, {}, '{"error":"no field model"}', { class: 'permanent', message: /HTTP 400\): no field model/ }],
    [401, {}, '', { class: 'credentials', message: /refuses the credentials/ }],
    [403, {}, '<html>blocked</html>', { class: 'permanent', message: /HTTP 403\): a web page/ }],
    [404, {}, 'nothing', { class: 'permanent', message: /nothing at this address \(HTTP 404\)/ }],
    [408, {}, '', { class: 'ambiguous' }],
    [409, {}, '', { class: 'ambiguous' }],
    [410, {}, '', { class: 'permanent', message: /any more \(HTTP 410\)/ }],
    [413, {}, '', { class: 'permanent', fix: /Send less/ }],
    [422, {}, '', { class: 'permanent' }],
    [425, {}, '', { class: 'ambiguous' }],
    [429, {}, '', { class: 'limited', retry_after_ms: null }],
    [429, { 'retry-after': '7' }, '', { class: 'limited', retry_after_ms: 7_000 }],
    [429, { 'retry-after': '999999' }, '', { class: 'limited', retry_after_ms: 3_600_000 }],
    [503, { 'retry-after': '9' }, '', { class: 'limited', retry_after_ms: 9_000 }],
    [503, {}, '', { class: 'ambiguous', retry_after_ms: null }],
    [500, { 'retry-after': '9' }, 'x'.repeat(50_000), { class: 'ambiguous', retry_after_ms: 9_000 }],
    [502, {}, '', { class: 'ambiguous' }],
  ] as const)('%i %j means what its row says', async (status, headers, body, expected) => {
    const there = await target()
    there.answer((response) => response.writeHead(status, headers).end(body))
    const result = await send({ url: there.url })
    const { class: kind, ...rest } = expected
    expect(result).toMatchObject({ class: kind, status })
    for (const [key, value] of Object.entries(rest)) {
      const given = result[key as keyof AttemptResult]
      if (value instanceof RegExp) expect(given).toMatch(value)
      else expect(given).toEqual(value)
    }
    expect(Buffer.byteLength(result.response ?? '')).toBeLessThanOrEqual(8 * 1024)
    expect(result.class === 'success' || result.fix !== '').toBe(true)
  })

  it('that never comes says whether anything was sent', async () => {
    const gone = await send({ url: 'https://gone.example.org/' })
    expect(gone).toMatchObject({
      class: 'ambiguous',
      message: expect.stringMatching(/resolved.*nothing was sent/) as string,
    })
    const there = await target()
    there.answer((response) => response.destroy())
    expect(await send({ url: there.url })).toMatchObject({
      class: 'ambiguous',
      message: expect.stringMatching(/broke.*may or may not have been accepted/) as string,
    })
  })
})
