import nock from 'nock'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { idOf } from '../standins/github/accounts.ts'
import { startGitHub, type StandInGitHub, type StandInOptions } from '../standins/github/index.ts'
import { movedTo } from '../standins/github/real-answers.ts'
import { dispatchTo, patience, TOKEN, tokenConnection } from './connections.ts'

async function setUp(options: StandInOptions = {}) {
  const github = await startGitHub(options)
  onTestFinished(() => github.close())
  return { github, hub: createGitHub(), connection: tokenConnection({ api_url: github.url }) }
}

/** Where GitHub's redirect leads dispatches to newco/new. */
function newAddress({ url }: StandInGitHub): string {
  return `${url}/repositories/${idOf('newco/new')}/dispatches`
}

describe('a dispatch', () => {
  it('is sent as GitHub describes it, with our name and a pinned API version', async () => {
    const { github, hub, connection } = await setUp()
    const result = await hub.dispatch(connection, dispatchTo(), patience())
    const body = '{"event_type":"deploy-model","client_payload":{"alias":"production"}}'
    expect(result).toEqual({
      class: 'success',
      status: 204,
      message: '',
      fix: '',
      request: { method: 'POST', url: `${github.url}/repos/acme/serving/dispatches`, body },
      response: '',
      retry_after_ms: null,
    })
    expect(github.violations).toEqual([])
    expect(github.dispatches).toMatchObject([
      { repository: 'acme/serving', event_type: 'deploy-model', client_payload: { alias: 'production' } },
    ])
    expect(github.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'user-agent': expect.stringMatching(/^model-dispatch\/\d+\.\d+\.\d+/) as string,
      'x-github-api-version': '2022-11-28',
      accept: 'application/vnd.github.v3+json',
      'content-type': 'application/json; charset=utf-8',
    })
  })

  it('carries every value as it is, also those that JSON libraries take for something else', async () => {
    const { github, hub, connection } = await setUp()
    const client_payload = JSON.parse(
      '{"n": "12n", "nn": "-9nn", "__proto__": {"polluted": true}, "u": "\\u2028é😀", "deep": [[{"a": null}]]}',
    ) as Record<string, string>
    await hub.dispatch(connection, { ...dispatchTo(), client_payload }, patience())
    const [arrived] = github.dispatches
    expect(JSON.parse(arrived?.body ?? '')).toEqual({ event_type: 'deploy-model', client_payload })
    expect(Object.keys(arrived?.client_payload ?? {})).toContain('__proto__')
  })

  it('keeps to its place in the URL whatever the names hold', async () => {
    const { github, hub, connection } = await setUp()
    await hub.dispatch(connection, { ...dispatchTo('../../user?x=#{y}') }, patience())
    expect(github.requests[0]?.path).toBe('/repos/acme/..%2F..%2Fuser%3Fx%3D%23%7By%7D/dispatches')
  })

  it('records no more than 8 KiB of a large body', async () => {
    const { hub, connection } = await setUp()
    const client_payload = { text: 'x'.repeat(50_000) }
    const { request } = await hub.dispatch(connection, { ...dispatchTo(), client_payload }, patience())
    expect(Buffer.byteLength(request.body)).toBeLessThanOrEqual(8192)
  })

  it('is not tried again with a personal token that GitHub refuses', async () => {
    const { github, hub } = await setUp({ users: { other: 'jane' } })
    const result = await hub.dispatch(tokenConnection({ api_url: github.url }), dispatchTo(), patience())
    expect(result).toMatchObject({ class: 'credentials', status: 401 })
    expect(github.requests).toHaveLength(1)
  })

  it('uses the new token of a connection as soon as it is configured', async () => {
    const { github, hub } = await setUp({ users: { 'first-token': 'jane', 'second-token': 'joe' } })
    for (const token of ['first-token', 'second-token']) {
      const connection = tokenConnection({ api_url: github.url, auth: { kind: 'token', token } })
      await hub.dispatch(connection, dispatchTo(), patience())
    }
    expect(github.dispatches.map(({ identity }) => identity)).toEqual(['user:jane', 'user:joe'])
  })

  describe('to a repository that has moved', () => {
    it('follows with the method and the body, and says what to write instead', async () => {
      const { github, hub, connection } = await setUp({ moved: { 'acme/old': 'acme/serving' } })
      const result = await hub.dispatch(connection, dispatchTo('old'), patience())
      expect(result).toMatchObject({ class: 'success', status: 204 })
      expect(result.message).toContain('has moved to acme/serving')
      expect(result.fix).toContain('Update the configuration: put acme/serving into `repository`')
      expect(github.dispatches).toMatchObject([{ repository: 'acme/serving', event_type: 'deploy-model' }])
    })

    it('asks for the new name once', async () => {
      const { github, hub, connection } = await setUp({ moved: { 'acme/old': 'acme/serving' } })
      await hub.dispatch(connection, dispatchTo('old'), patience())
      await hub.dispatch(connection, dispatchTo('old'), patience())
      expect(github.requests.filter(({ operation }) => operation === 'repository')).toHaveLength(1)
    })

    it.each([
      ['missing-permission-token', /newco\/new.*Resource not accessible/],
      ['not-found', /newco\/new does not exist, or the token has no access/],
      ['archived', /sending to newco\/new.*archived/],
    ] as const)('says so also where the new one answers %s', async (name, what) => {
      const { github, hub, connection } = await setUp({ moved: { 'acme/old': 'newco/new' } })
      github.failNext({ kind: 'custom', ...movedTo(newAddress(github)) }, { operation: 'dispatch' })
      github.failNext({ kind: 'answer', name }, { operation: 'dispatch' })
      const result = await hub.dispatch(connection, dispatchTo('old'), patience())
      expect(result.class).toBe('permanent')
      expect(result.message).toMatch(/^acme\/old has moved to newco\/new: GitHub redirected the request\./)
      expect(result.message).toMatch(what)
      expect(result.fix).toContain('Update the configuration: put newco/new into `repository`')
    })

    it('says so also where GitHub does not give the new name', async () => {
      const { github, hub, connection } = await setUp({ moved: { 'acme/old': 'newco/new' } })
      github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'repository' })
      const result = await hub.dispatch(connection, dispatchTo('old'), patience())
      expect(result.message).toContain(`has moved to ${newAddress(github).replace('/dispatches', '')}`)
      expect(result.fix).toContain("put the repository's present name into `repository`")
    })

    it('says nothing of a new place where the redirects lead nowhere', async () => {
      const { github, hub, connection } = await setUp()
      const location = `${github.url}/repos/acme/serving/dispatches`
      github.failAlways({ kind: 'custom', status: 301, headers: { location } })
      const { message, fix } = await hub.dispatch(connection, dispatchTo(), patience())
      expect(message).toMatch(/^acme\/serving has moved, and GitHub's redirect .* cannot be followed/)
      expect(fix).not.toContain('Update the configuration')
    })

    it('asks nothing more of a GitHub that wants a rest', async () => {
      const { github, hub, connection } = await setUp({ moved: { 'acme/old': 'newco/new' } })
      github.failNext({ kind: 'custom', ...movedTo(newAddress(github)) }, { operation: 'dispatch' })
      github.failNext({ kind: 'answer', name: 'secondary-limit-retry-after' }, { operation: 'dispatch' })
      const result = await hub.dispatch(connection, dispatchTo('old'), patience())
      expect(result).toMatchObject({ class: 'limited', retry_after_ms: 90_000 })
      expect(github.requests.map(({ operation }) => operation)).toEqual(['dispatch', 'dispatch'])
    })

    it.each([301, 302, 307, 308])('follows a %i', async (status) => {
      const { github, hub, connection } = await setUp()
      const location = `${github.url}/repos/acme/serving/dispatches`
      github.failNext({ kind: 'custom', status, headers: { location } })
      expect(await hub.dispatch(connection, dispatchTo('old'), patience())).toMatchObject({ status: 204 })
    })

    it.each([
      [301, 'permanent'],
      [307, 'ambiguous'],
    ])('gives its token to no other host, where HTTP %d leads', async (status, kind) => {
      const { github, hub, connection } = await setUp()
      const thief = await startGitHub()
      onTestFinished(() => thief.close())
      const location = `${thief.url}/repos/acme/serving/dispatches`
      github.failNext({ kind: 'custom', status, headers: { location } })
      expect(await hub.dispatch(connection, dispatchTo(), patience())).toMatchObject({
        class: kind,
        status,
      })
      expect(thief.requests).toEqual([])
    })
  })

  it.each([
    ['github.com', 'https://api.github.com', ''],
    ['GitHub Enterprise Server', 'https://github.corp.example', '/api/v3'],
    ['GHE.com', 'https://api.acme.ghe.com', ''],
  ])('goes to the address of %s', async (_, host, below) => {
    const api = nock(host).post(`${below}/repos/acme/serving/dispatches`).reply(204)
    onTestFinished(() => nock.restore())
    if (!nock.isActive()) nock.activate()
    const connection = tokenConnection({ api_url: `${host}${below}` })
    expect(await createGitHub().dispatch(connection, dispatchTo(), patience())).toMatchObject({ status: 204 })
    expect(api.isDone()).toBe(true)
  })
})
