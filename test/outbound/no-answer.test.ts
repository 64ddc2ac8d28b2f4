import { describe, expect, it } from 'vitest'
import { NO_ANSWER_ROWS, readNoAnswer } from '../../receiver/outbound/no-answer.ts'

/** What Node's `fetch` throws: a TypeError around the system's error. */
function fetchError(code: string, text = 'x'): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(text), { code }) })
}

const sent = 'the request may have arrived'
const unsent = 'nothing was sent'

describe('what it means that no answer came', () => {
  const cases: [row: string, error: unknown, outcome: string, fix: RegExp][] = [
    ['name', fetchError('ENOTFOUND'), unsent, /spelling of github\.corp and this machine's DNS/],
    ['name', fetchError('EAI_AGAIN'), unsent, /DNS/],
    [
      'proxy',
      fetchError('UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling'),
      unsent,
      /HTTPS_PROXY/,
    ],
    ['refused', fetchError('ECONNREFUSED'), unsent, /is up/],
    ['unreachable', fetchError('UND_ERR_CONNECT_TIMEOUT'), unsent, /firewalls/],
    ['certificate', fetchError('DEPTH_ZERO_SELF_SIGNED_CERT'), unsent, /NODE_EXTRA_CA_CERTS/],
    ['certificate', fetchError('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), unsent, /NODE_EXTRA_CA_CERTS/],
    ['certificate', fetchError('CERT_HAS_EXPIRED'), unsent, /expired/],
    ['certificate', fetchError('ERR_TLS_CERT_ALTNAME_INVALID'), unsent, /certificate/],
    ['timeout', AbortSignal.abort().reason, sent, /tried again/],
    ['timeout', new DOMException('x', 'TimeoutError'), sent, /tried again/],
    ['broken', fetchError('ECONNRESET'), sent, /tried again/],
    ['broken', fetchError('UND_ERR_SOCKET'), sent, /tried again/],
    ['broken', 'not even an error', sent, /tried again/],
  ]

  it('covers every row of the table', () => {
    expect(new Set(cases.map(([row]) => row))).toEqual(new Set(NO_ANSWER_ROWS))
  })

  it.each(cases)('%s: %s', (row, error, outcome, fix) => {
    const meaning = readNoAnswer(error, { host: 'github.corp', sent, unsent })
    expect(meaning).toMatchObject({ row, class: 'ambiguous', retry_after_ms: null })
    expect(meaning.message).toContain(outcome)
    expect(meaning.fix).toMatch(fix)
  })

  it('looks into the first of several failed addresses', () => {
    const error = new TypeError('fetch failed', {
      cause: new AggregateError([fetchError('ECONNREFUSED').cause]),
    })
    expect(readNoAnswer(error, { host: 'x', sent, unsent }).row).toBe('refused')
  })
})
