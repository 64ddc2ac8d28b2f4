import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startGitHub, type StandInGitHub, type StandInOptions } from './index.ts'
import { REAL_ANSWERS, type AnswerName } from './real-answers.ts'

async function start(options: StandInOptions = {}): Promise<StandInGitHub> {
  const github = await startGitHub(options)
  onTestFinished(() => github.close())
  return github
}

const polite = {
  authorization: 'Bearer some-token',
  accept: 'application/vnd.github+json',
  'user-agent': 'a-test',
  'x-github-api-version': '2022-11-28',
}

/** Sends a dispatch with plain fetch: nothing of the receiver is in between. */
function post(
  url: string,
  body: unknown = { event_type: 'x' },
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/repos/acme/serving/dispatches`, {
    method: 'POST',
    headers: { ...polite, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  })
}

describe('the stand-in GitHub', () => {
  it('accepts a dispatch as GitHub does, also below /api/v3', async () => {
    const github = await start()
    for (const url of [github.url, `${github.url}/api/v3`]) {
      const response = await post(url, { event_type: 'x', client_payload: { a: 1 } })
      expect([response.status, await response.text()]).toEqual([204, ''])
      expect(response.headers.get('x-ratelimit-limit')).toBe('5000')
    }
    expect(github.dispatches).toMatchObject(
      Array(2).fill({ repository: 'acme/serving', client_payload: { a: 1 } }),
    )
    expect(github.violations).toEqual([])
  })

  it.each([
    ['no event_type', {}, 422, /event_type/],
    ['an event_type of 101 characters', { event_type: 'x'.repeat(101) }, 422, /100 characters/],
    ['an event_type that is no text', { event_type: 5 }, 422, /must be string/],
    ['a client_payload that is no object', { event_type: 'x', client_payload: [] }, 422, /must be object/],
    [
      'eleven keys',
      {
        event_type: 'x',
        client_payload: Object.fromEntries([...Array(11).keys()].map((key) => [`k${key}`, 1])),
      },
      422,
      /No more than 10 properties are allowed; 11 were supplied/,
    ],
    ['64 KB', { event_type: 'x', client_payload: { a: 'x'.repeat(65_536) } }, 422, /too large/],
    ['no JSON', '{"event_type":', 400, /not JSON/],
  ])('refuses %s, and records the violation', async (_, body, status, violation) => {
    const github = await start()
    expect((await post(github.url, body)).status).toBe(status)
    expect(github.violations.join()).toMatch(violation)
    expect(github.dispatches).toEqual([])
  })

  it('refuses a request without a user agent', async () => {
    const github = await start()
    expect((await post(github.url, undefined, { 'user-agent': '' })).status).toBe(403)
  })

  it('records what GitHub advises against', async () => {
    const github = await start()
    expect((await post(github.url, undefined, { 'x-github-api-version': '', accept: '*/*' })).status).toBe(
      204,
    )
    expect(github.violations).toHaveLength(2)
  })

  it('knows its users, repositories and renamed ones', async () => {
    const users = { 'jane-token': 'jane' }
    const github = await start({ users, repositories: ['acme/other'], moved: { 'acme/old': 'acme/new' } })
    const as = (token: string, path: string) =>
      fetch(`${github.url}${path}`, {
        headers: { ...polite, authorization: `token ${token}` },
        redirect: 'manual',
      })
    expect((await as('nobody', '/user')).status).toBe(401)
    expect(await (await as('jane-token', '/user')).json()).toMatchObject({ login: 'jane' })
    expect((await as('jane-token', '/repos/acme/serving')).status).toBe(404)
    const moved = await as('jane-token', '/repos/acme/old')
    expect(moved.status).toBe(301)
    const location = new URL(moved.headers.get('location') ?? '').pathname
    expect(await (await as('jane-token', location)).json()).toMatchObject({ full_name: 'acme/new' })
    expect((await as('jane-token', '/repos/acme/serving/')).status).toBe(404)
  })

  describe('counts by identity', () => {
    it('the hourly limit, until the hour is over', async () => {
      const clock = { now: Date.now() }
      const github = await start({ now: () => clock.now, limits: { per_hour: 2 } })
      const statuses = async () => [(await post(github.url)).status, (await post(github.url)).status]
      expect(await statuses()).toEqual([204, 204])
      const refused = await post(github.url)
      expect(refused.status).toBe(403)
      expect(refused.headers.get('x-ratelimit-remaining')).toBe('0')
      clock.now += 3_600_000
      expect(await statuses()).toEqual([204, 204])
    })

    it('900 points a minute: 180 writes, of one identity', async () => {
      const now = Date.now()
      const github = await start({ now: () => now, users: { 'some-token': 'jane', other: 'joe' } })
      for (let count = 0; count < 180; count += 1) expect((await post(github.url)).status).toBe(204)
      const refused = await post(github.url)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([403, '90'])
      expect((await post(github.url, undefined, { authorization: 'Bearer other' })).status).toBe(204)
      expect(github.limits.identities.get('user:jane')?.writes).toHaveLength(181)
    })

    it('80 writes a minute where dispatches count as content', async () => {
      const now = Date.now()
      const github = await start({ now: () => now, limits: { countDispatchAsContent: true } })
      for (let count = 0; count < 80; count += 1) expect((await post(github.url)).status).toBe(204)
      expect((await post(github.url)).status).toBe(403)
    })

    it('requests in flight', async () => {
      const github = await start({ users: { 'some-token': 'jane', other: 'joe' } })
      github.failAlways({ kind: 'slow', ms: 100 })
      await Promise.all([
        post(github.url),
        post(github.url),
        post(github.url, undefined, { authorization: 'Bearer other' }),
      ])
      const most = [...github.limits.identities].map(([name, { most_in_flight }]) => [name, most_in_flight])
      expect(Object.fromEntries(most)).toEqual({ 'user:jane': 2, 'user:joe': 1 })
    })

    it('nothing where limits are off, as on GitHub Enterprise Server', async () => {
      const github = await start({ limits: { enabled: false, per_hour: 0 } })
      const response = await post(github.url)
      expect([response.status, response.headers.get('x-ratelimit-limit')]).toEqual([204, null])
    })
  })

  describe('fails on command', () => {
    it.each(Object.keys(REAL_ANSWERS) as AnswerName[])('with "%s"', async (name) => {
      const github = await start()
      github.failNext({ kind: 'answer', name })
      const { status } = REAL_ANSWERS[name]({ now: Date.now(), url: github.url })
      expect((await post(github.url)).status).toBe(status)
      expect((await post(github.url)).status).toBe(204)
    })

    it('so many times, on one operation', async () => {
      const github = await start()
      github.failNext({ kind: 'custom', status: 500 }, { times: 2, operation: 'dispatch' })
      const user = await fetch(`${github.url}/user`, { headers: polite })
      const statuses = [user.status]
      for (let count = 0; count < 3; count += 1) statuses.push((await post(github.url)).status)
      expect(statuses).toEqual([200, 500, 500, 204])
    })

    it('after it did what was asked', async () => {
      const github = await start()
      github.failNext({ kind: 'lost' })
      await expect(post(github.url)).rejects.toThrow()
      expect(github.dispatches).toHaveLength(1)
    })

    it('before it did anything', async () => {
      const github = await start()
      github.failNext({ kind: 'reset' })
      await expect(post(github.url)).rejects.toThrow()
      expect(github.dispatches).toEqual([])
    })
  })

  it('runs as a process of its own and is steered by HTTP', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), '--port', '0'])
    onTestFinished(() => void child.kill('SIGKILL'))
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    const control = async (path: string, body?: unknown): Promise<unknown> => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      return await (await fetch(`${url}/_control/${path}`, init)).json()
    }
    await control('fail', { failure: { kind: 'answer', name: 'bad-gateway' }, times: 1 })
    await control('limits', { per_hour: 1 })
    expect([(await post(url)).status, (await post(url)).status, (await post(url)).status]).toEqual([
      502, 204, 403,
    ])
    expect(await control('dispatches')).toMatchObject([{ repository: 'acme/serving', event_type: 'x' }])
    expect(await control('identities')).toMatchObject({ 'user:octocat': { in_flight: 0, most_in_flight: 1 } })
    await control('clear', {})
    expect([await control('dispatches'), await control('violations')]).toEqual([[], []])
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
