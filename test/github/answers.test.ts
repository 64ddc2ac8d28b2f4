import nock from 'nock'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptClass, AttemptResult } from '../../receiver/policy/attempt.ts'
import { GITHUB_ANSWERS, readAnswer, type AnswerContext } from '../../receiver/github/answers.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { REAL_ANSWERS, realAnswer, type AnswerName } from '../standins/github/real-answers.ts'
import { dispatchTo, patience, TOKEN, tokenConnection } from './connections.ts'

const now = Date.parse('2026-11-22T03:04:05Z')
const setting = { now, url: 'https://api.github.com' }

interface Meant {
  row: string
  class: AttemptClass
  message?: RegExp
  fix?: RegExp
  wait?: number
}

/** What each of GitHub's answers must mean. */
const MEANINGS: Record<AnswerName, Meant> = {
  accepted: { row: 'accepted', class: 'success' },
  'accepted-empty': { row: 'accepted', class: 'success' },
  'body-beside-success': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 200 "\{.*is not how GitHub answers the dispatch: .*may or may not have been accepted/,
  },
  'blocked-by-a-policy': {
    row: 'not-github',
    class: 'ambiguous',
    message:
      /HTTP 200 "Access blocked by corporate policy" is not how GitHub answers the dispatch: the dispatch may or may not/,
    fix: /connection main asks https:\/\/api\.github\.com.*HTTPS_PROXY/,
  },
  'bad-request': {
    row: 'bad-request',
    class: 'permanent',
    message: /Problems parsing JSON/,
    fix: /connection main/,
  },
  'bad-version': { row: 'bad-request', class: 'permanent', message: /2021-01-01 is not supported/ },
  'bad-credentials': {
    row: 'bad-credentials',
    class: 'credentials',
    message: /Bad credentials/,
    fix: /new token/,
  },
  'missing-permission-app': { row: 'missing-permission', class: 'permanent', fix: /contents=write/ },
  'missing-permission-token': {
    row: 'missing-permission',
    class: 'permanent',
    message: /may not send to acme\/serving/,
    fix: /contents=write.*"Contents: Read and write"/,
  },
  'primary-limit-403': { row: 'primary-limit', class: 'limited', message: /5000 requests/, wait: 901_000 },
  'primary-limit-429': { row: 'primary-limit', class: 'limited', wait: 901_000 },
  'primary-limit-without-headers': {
    row: 'primary-limit',
    class: 'limited',
    message: /hourly limit of this/,
  },
  'secondary-limit-403': { row: 'secondary-limit', class: 'limited', fix: /writes_per_second/ },
  'secondary-limit-429': { row: 'secondary-limit', class: 'limited' },
  'secondary-limit-retry-after': { row: 'secondary-limit', class: 'limited', wait: 90_000 },
  'abuse-limit': { row: 'secondary-limit', class: 'limited' },
  'app-suspended': { row: 'suspended', class: 'credentials', message: /installation has been suspended/ },
  'account-suspended': { row: 'suspended', class: 'credentials', fix: /another account/ },
  'single-sign-on': {
    row: 'single-sign-on',
    class: 'permanent',
    message: /acme enforces/,
    fix: /Configure SSO/,
  },
  archived: { row: 'forbidden', class: 'permanent', message: /archived so is read-only/ },
  'ip-allow-list': { row: 'forbidden', class: 'permanent', message: /IP allow list/ },
  'no-user-agent': { row: 'forbidden', class: 'permanent', message: /User-Agent/ },
  'not-found': {
    row: 'not-found',
    class: 'permanent',
    message: /acme\/serving does not exist, or the token has no access/,
    fix: /Give the token.*then redeliver\. .*spelling.*correct `repository`\. Then replay the event/,
  },
  gone: { row: 'gone', class: 'permanent', message: /no longer available/ },
  'too-large': { row: 'invalid', class: 'permanent', message: /client_payload is too large/ },
  'too-many-keys': { row: 'invalid', class: 'permanent', message: /10 properties are allowed; 14/ },
  'validation-failed': {
    row: 'invalid',
    class: 'permanent',
    message: /Validation Failed \(event_type is too long\)/,
  },
  'permission-not-granted': {
    row: 'invalid',
    class: 'permanent',
    message: /not granted to this installation/,
  },
  'blocked-by-law': { row: 'blocked-by-law', class: 'permanent', message: /legal/ },
  teapot: { row: 'refused', class: 'permanent', message: /418.*teapot/ },
  'moved-elsewhere': { row: 'moved', class: 'permanent', message: /attacker\.example.*cannot be followed/ },
  'moved-nowhere': { row: 'moved', class: 'permanent', message: /no location/ },
  'moved-in-a-circle': { row: 'moved', class: 'permanent', message: /three redirects/ },
  'sign-in-page': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 302 "to https:\/\/sso\.example\/login" is not an answer of GitHub's API/,
    fix: /sign-in page/,
  },
  'page-of-a-proxy': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 200 "Sign in to go on".*may or may not have been accepted/,
    fix: /no proxy \(HTTPS_PROXY\) and no sign-in page.*in GitHub's place/,
  },
  ...(Object.fromEntries(
    (['page-401', 'page-403', 'page-404', 'page-405', 'page-422'] as const).map((name) => [
      name,
      {
        row: 'not-github',
        class: 'ambiguous',
        message: /HTTP 4\d\d "Page not found" is not an answer of GitHub's API: nothing was dispatched/,
        fix: /asks https:\/\/api\.github\.com: .*https:\/\/HOST\/api\/v3.*HTTPS_PROXY/,
      } satisfies Meant,
    ]),
  ) as Record<'page-401' | 'page-403' | 'page-404' | 'page-405' | 'page-422', Meant>),
  'text-of-a-proxy': {
    row: 'not-github',
    class: 'ambiguous',
    message: /HTTP 403 "Access blocked by corporate policy" is not an answer/,
  },
  'request-timeout': { row: 'try-later', class: 'ambiguous', message: /408/ },
  'server-error': { row: 'try-later', class: 'ambiguous', message: /may or may not have been accepted/ },
  'bad-gateway': { row: 'try-later', class: 'ambiguous', message: /502/ },
  unavailable: { row: 'try-later', class: 'ambiguous', wait: 30_000 },
  'gateway-timeout': { row: 'try-later', class: 'ambiguous', message: /504/ },
}

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
