import nock from 'nock'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { GITHUB_ANSWERS, readAnswer, type AnswerContext } from '../../receiver/github/answers.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { REAL_ANSWERS, realAnswer, type AnswerName } from '../standins/github/real-answers.ts'
import { MEANINGS } from './meanings.ts'
import { dispatchTo, patience, TOKEN, tokenConnection } from './connections.ts'

const now = Date.parse('2026-11-22T03:04:05Z')
const setting = { now, url: 'https://api.github.com' }

const names = Object.keys(REAL_ANSWERS) as AnswerName[]

describe('what an answer of GitHub means', () => {
  beforeAll(() => {
    nock.disableNetConnect()
    return () => {
      nock.restore()
      nock.enableNetConnect()
    }
  })
  afterEach(() => nock.cleanAll())

  it('has a real answer of GitHub for every row of the table', () => {
    const rows = Object.values(MEANINGS).map(({ row }) => row)
    // What no dispatch can be answered with: test/github/installation-tokens.test.ts has it.
    const before_the_dispatch = ['unreadable']
    expect(new Set([...rows, ...before_the_dispatch])).toEqual(new Set(GITHUB_ANSWERS.map(({ id }) => id)))
  })

  it.each(names)('"%s" sent back to a dispatch', async (name) => {
    const meant = MEANINGS[name]
    const { status, headers, body } = realAnswer(name, setting)
    const api = nock(setting.url)
    api.post('/repos/acme/serving/dispatches').reply(status, body, headers)
    if (name === 'moved-in-a-circle')
      api.post('/repos/acme/circle/dispatches').times(3).reply(status, body, headers)
    if (name === 'moved-in-a-circle') api.get('/repos/acme/circle').reply(404)

    const result = await createGitHub({ now: () => now }).dispatch(
      tokenConnection(),
      dispatchTo(),
      patience(),
    )

    expect(result).toMatchObject({ class: meant.class, status, retry_after_ms: meant.wait ?? null })
    expect(result.message).toMatch(meant.message ?? /^/)
    expect(result.fix).toMatch(meant.fix ?? /^/)
    expect([result.message, result.fix].filter((text) => text === '')).toHaveLength(
      meant.class === 'success' ? 2 : 0,
    )
    expect(readAnswer({ status, headers, body }, context())).toMatchObject({ row: meant.row })
  })

  it('keeps no more than 8 KiB of a 10 MB answer, on one line in the message', async () => {
    nock(setting.url).post('/repos/acme/serving/dispatches').reply(422, 'long\n'.repeat(2_000_000))
    const result = await send()
    expect(Buffer.byteLength(result.response ?? '')).toBeLessThanOrEqual(8 * 1024)
    expect(result.message).not.toContain('\n')
    expect(result.message.length).toBeLessThan(700)
  })

  it('masks tokens that GitHub echoes, in the message and in the record', async () => {
    const echo = JSON.stringify({ message: `Bad token ${TOKEN} and github_pat_${'A1'.repeat(20)}` })
    nock(setting.url).post('/repos/acme/serving/dispatches').reply(422, echo)
    const result = await send()
    expect(JSON.stringify(result)).not.toMatch(/ghp_|github_pat_/)
    expect(result.message).toContain('Bad token *** and ***')
  })

  describe('cut where a token stands', () => {
    const opaque = 'Kq7xV2mZ9-opaque/enterprise+token.0123456789abcdefXYZ'
    const answers: [
      place: string,
      reply: [status: number, body: string, headers?: Record<string, string>],
    ][] = [
      ['in plain text', [422, `${'x'.repeat(180)}${opaque}`]],
      ['in a message', [422, JSON.stringify({ message: `${'y'.repeat(480)}${opaque}` })]],
      [
        'in a message that escapes it',
        [422, `{"message":"${'y'.repeat(480)}${opaque.replaceAll('/', '\\/').replaceAll('+', '\\u002b')}"}`],
      ],
      ['in a body', [422, `${'z'.repeat(8192 - 24)}${opaque}`]],
      ['in a location', [301, '', { location: `https://sso.example/?${'u'.repeat(460)}${opaque}` }]],
      [
        'in the name of a permission',
        [
          403,
          '{"message":"Resource not accessible by integration"}',
          { 'x-accepted-github-permissions': `${'p'.repeat(480)}${opaque}` },
        ],
      ],
    ]

    it.each(answers)('%s: no part of it is kept', async (_, reply) => {
      nock(setting.url)
        .post('/repos/acme/serving/dispatches')
        .reply(...reply)
      const connection = tokenConnection({ auth: { kind: 'token', token: opaque } })
      const result = await createGitHub({ now: () => now }).dispatch(connection, dispatchTo(), patience())
      expect(result.class).not.toBe('success')
      expect(JSON.stringify(result)).not.toContain(opaque.slice(0, 6))
    })
  })

  it('takes a page in the place of an answer for nothing but a page, also where its type is not said', () => {
    const page = { status: 200, headers: {}, body: '\n<!DOCTYPE html><title>Sign in</title>' }
    expect(readAnswer(page, context())).toMatchObject({ row: 'not-github', class: 'ambiguous' })
    const empty = { status: 204, headers: { 'content-type': 'text/html' }, body: '' }
    expect(readAnswer(empty, context())).toMatchObject({ class: 'success' })
  })

  it('says to an App that its installation is the other cause of a 404', () => {
    const { message, fix } = readAnswer({ status: 404, headers: {}, body: '' }, context({ auth: 'app' }))
    expect(message).toContain('the GitHub App is not installed on it')
    expect(fix).toContain('Install the App of GitHub connection main on acme/serving')
  })

  it('says to an App how to unsuspend it', () => {
    const suspended = realAnswer('app-suspended', setting)
    expect(readAnswer(suspended, context({ auth: 'app' })).fix).toContain("Unsuspend the App's installation")
  })

  it('says that nothing was dispatched when a step before the dispatch fails', () => {
    const { class: kind, message } = readAnswer(
      realAnswer('bad-gateway', setting),
      context({ step: 'token' }),
    )
    expect(kind).toBe('ambiguous')
    expect(message).toContain('nothing was dispatched')
  })

  describe('how long a limit lasts', () => {
    const limited = (headers: Record<string, string>) =>
      readAnswer({ status: 429, headers, body: '' }, context()).retry_after_ms

    it.each([
      ['seconds', { 'retry-after': '120' }, 120_000],
      ['an HTTP date', { 'retry-after': new Date(now + 45_000).toUTCString() }, 45_000],
      ['at least a second', { 'retry-after': '0' }, 1000],
      ['at most 65 minutes', { 'retry-after': '86400' }, 65 * 60_000],
      ['not said, so the lane counts', { 'retry-after': 'soon' }, null],
      ['never what Date.parse makes of a negative number', { 'retry-after': '-5' }, null],
      ['never what Date.parse makes of a fraction', { 'retry-after': '60.5' }, null],
      ['never what Date.parse makes of a small fraction', { 'retry-after': '1.5' }, null],
      ['never a date of another kind', { 'retry-after': new Date(now + 45_000).toISOString() }, null],
      ['a date as RFC 850 wrote it', { 'retry-after': 'Sunday, 22-Nov-26 03:05:05 GMT' }, 60_000],
      ["a date as C's asctime writes it", { 'retry-after': 'Sun Nov 22 03:05:05 2026' }, 60_000],
      ['the reset', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 10) }, 11_000],
      [
        "the reset by GitHub's clock where ours is an hour off",
        {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(now / 1000 + 3610),
          date: new Date(now + 3_600_000).toUTCString(),
        },
        11_000,
      ],
      [
        'a reset in fractions of a second',
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now / 1000 + 10}.5` },
        11_500,
      ],
      ['a reset that makes no sense', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'x' }, null],
    ])('%s', (_, headers, wait) => {
      expect(limited(headers)).toBe(wait)
    })
  })
})

function send(): Promise<AttemptResult> {
  return createGitHub({ now: () => now }).dispatch(tokenConnection(), dispatchTo(), patience())
}

function context(given: Partial<AnswerContext> = {}): AnswerContext {
  return {
    now,
    repository: 'acme/serving',
    connection: 'main',
    api_url: 'https://api.github.com',
    workflow: null,
    auth: 'token',
    step: 'dispatch',
    secrets: [],
    ...given,
  }
}
