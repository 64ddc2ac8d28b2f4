import { beforeAll, describe, expect, it } from 'vitest'
import { FAILURE_ROWS, readFailure } from '../../receiver/outbound/no-answer.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { startGitHub } from '../standins/github/index.ts'
import type { StandInGitHub } from '../standins/github/index.ts'
import { dispatchTo, patience, tokenConnection } from './connections.ts'

/** What Node's `fetch` throws: a TypeError around the system's error. */
function fetchError(code: string, text = 'x'): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(text), { code }) })
}

const sent = 'the dispatch may or may not have been accepted'
const unsent = 'nothing was dispatched'

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
    expect(new Set(cases.map(([row]) => row))).toEqual(new Set(FAILURE_ROWS))
  })

  it.each(cases)('%s: %s', (row, error, outcome, fix) => {
    const meaning = readFailure(error, { step: 'dispatch', host: 'github.corp' })
    expect(meaning).toMatchObject({ row, class: 'ambiguous', retry_after_ms: null })
    expect(meaning.message).toContain(outcome)
    expect(meaning.fix).toMatch(fix)
  })

  it('is certain that nothing was dispatched when the token request got no answer', () => {
    expect(readFailure(fetchError('ECONNRESET'), { step: 'token', host: 'x' }).message).toContain(unsent)
  })

  it('looks into the first of several failed addresses', () => {
    const error = new TypeError('fetch failed', {
      cause: new AggregateError([fetchError('ECONNREFUSED').cause]),
    })
    expect(readFailure(error, { step: 'dispatch', host: 'x' }).row).toBe('refused')
  })
})

describe('a dispatch to a GitHub that breaks off', () => {
  let github: StandInGitHub
  beforeAll(async () => {
    github = await startGitHub()
    return () => github.close()
  })
  const send = (signal = patience()) =>
    createGitHub().dispatch(tokenConnection({ api_url: github.url }), dispatchTo(), signal)

  it('is ambiguous when the connection is reset', async () => {
    github.failNext({ kind: 'reset' })
    const result = await send()
    expect(result).toMatchObject({ class: 'ambiguous', status: null, response: null })
    expect(result.message).toMatch(/broke before an answer came.*may or may not have been accepted/)
  })

  it('is ambiguous when the connection is lost after GitHub accepted it', async () => {
    github.failNext({ kind: 'lost' })
    const before = github.dispatches.length
    expect(await send()).toMatchObject({ class: 'ambiguous', status: null })
    expect(github.dispatches).toHaveLength(before + 1)
  })

  it('gives up when its time is over', async () => {
    github.failNext({ kind: 'hang' })
    const started = performance.now()
    const result = await send(AbortSignal.timeout(200))
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(result.message).toMatch(/did not answer in time/)
  })

  it('keeps the status of an answer whose body never ends', async () => {
    github.failNext({ kind: 'trickle', ms: 20 })
    expect(await send(AbortSignal.timeout(300))).toMatchObject({ class: 'ambiguous', status: 502 })
  })

  it('waits for a slow answer within its time', async () => {
    github.failNext({ kind: 'slow', ms: 150 })
    expect(await send()).toMatchObject({ class: 'success', status: 204 })
  })
})

describe('a dispatch to nobody', () => {
  it('says that the connection is refused and nothing was sent', async () => {
    const github = await startGitHub({ validate: false })
    const { url } = github
    await github.close()
    const result = await createGitHub().dispatch(tokenConnection({ api_url: url }), dispatchTo(), patience())
    expect(result).toMatchObject({ class: 'ambiguous', status: null })
    expect(result.message).toMatch(/refuses the connection \(ECONNREFUSED\): nothing was dispatched/)
  })

  it('does not even start when its time was over before', async () => {
    const result = await createGitHub().dispatch(tokenConnection(), dispatchTo(), AbortSignal.abort())
    expect(result).toMatchObject({ class: 'ambiguous', status: null })
  })
})
