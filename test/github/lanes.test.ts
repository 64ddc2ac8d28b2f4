import { describe, expect, it, onTestFinished } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { laneOf, lanePolicy } from '../../receiver/github/lanes.ts'
import { startGitHub, type StandInOptions } from '../standins/github/index.ts'
import { appConnection, TOKEN, tokenConnection } from './connections.ts'

const app = appConnection('key')
const token = tokenConnection()
const nobody = () => null

describe('the lane of a dispatch', () => {
  it('is the installation of an App: one per owner, whatever the case', () => {
    expect(laneOf(app, 'Acme', null)).toBe('github-app:api.github.com:1234/acme')
  })

  it('is the user behind a token, whatever the owner', () => {
    expect(laneOf(token, 'acme', 'Octocat')).toBe('github-user:api.github.com:octocat')
  })

  it('is the connection while the user is unknown, and never holds the token', () => {
    expect(laneOf(token, 'acme', null)).toBe('github-connection:api.github.com:main')
  })

  it('tells hosts apart', () => {
    const ghes = tokenConnection({ api_url: 'https://github.corp.example:8443/api/v3' })
    expect(laneOf(ghes, 'acme', 'jane')).toBe('github-user:github.corp.example:8443:jane')
  })
})

describe('the policy of a lane', () => {
  it.each([
    ['one write a second', 1, 1000],
    ['four writes a second', 4, 250],
    ['one write in two seconds', 0.5, 2000],
    ['no pace', 0, 0],
  ])('is one request at a time, and %s', (_, writes_per_second, interval_ms) => {
    for (const connection of [app, token]) {
      const paced = { ...connection, writes_per_second }
      const lane = laneOf(paced, 'acme', null)
      expect(lanePolicy(lane, [paced], nobody)).toEqual({ concurrency: 1, interval_ms })
    }
  })

  it('is the slowest of the connections that share the identity', () => {
    const slow = tokenConnection({ name: 'slow', writes_per_second: 0.1 })
    const lane = laneOf(token, 'acme', 'octocat')
    expect(lanePolicy(lane, [token, slow], () => 'octocat').interval_ms).toBe(10_000)
  })

  it('does not change while the user of a connection becomes known', () => {
    const fast = tokenConnection({ writes_per_second: 10 })
    expect(lanePolicy(laneOf(fast, 'acme', null), [fast], () => 'octocat').interval_ms).toBe(100)
  })

  it("is GitHub's own advice for a lane that no present connection uses", () => {
    const fast = tokenConnection({ writes_per_second: 10 })
    expect(lanePolicy('github-user:api.github.com:gone', [fast], nobody).interval_ms).toBe(1000)
  })
})

describe('who is behind a token', () => {
  async function setUp(options: StandInOptions = {}) {
    const github = await startGitHub(options)
    onTestFinished(() => github.close())
    const clock = { now: Date.now() }
    const hub = createGitHub({ now: () => clock.now })
    return { github, clock, hub, connection: tokenConnection({ api_url: github.url }) }
  }

  it('is asked once, also by many at the same time, and then remembered', async () => {
    const { github, hub, connection } = await setUp({ users: { [TOKEN]: 'jane' } })
    const all = await Promise.all(Array.from({ length: 5 }, () => hub.resolveIdentity(connection)))
    expect(new Set(all)).toEqual(new Set(['jane']))
    expect(hub.login(connection)).toBe('jane')
    expect(github.requests).toHaveLength(1)
    expect(github.violations).toEqual([])
  })

  it('is asked in the background by whoever needs a lane now', async () => {
    const { hub, connection } = await setUp()
    expect(hub.login(connection)).toBeNull()
    await expect.poll(() => hub.login(connection)).toBe('octocat')
  })

  it('stays unknown when GitHub does not say, and is asked again after ten minutes', async () => {
    const { github, clock, hub, connection } = await setUp()
    github.failNext({ kind: 'answer', name: 'missing-permission-app' })
    expect(await hub.resolveIdentity(connection)).toBeNull()
    expect(await hub.resolveIdentity(connection)).toBeNull()
    expect(github.requests).toHaveLength(1)
    clock.now += 600_000
    expect(await hub.resolveIdentity(connection)).toBe('octocat')
  })

  it('stays unknown when no answer comes', async () => {
    const { github, hub, connection } = await setUp()
    github.failNext({ kind: 'reset' })
    expect(await hub.resolveIdentity(connection)).toBeNull()
  })

  it('is not asked for an App', async () => {
    const { github, hub } = await setUp()
    expect(await hub.resolveIdentity({ ...app, api_url: github.url })).toBeNull()
    expect(hub.login({ ...app, api_url: github.url })).toBeNull()
    expect(github.requests).toEqual([])
  })
})
