import { describe, expect, it } from 'vitest'
import { readPrivateKey } from '../../receiver/config/private-key.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { createAppKey, type StandInGitHub } from '../standins/github/index.ts'
import { APP_KEY, startApp } from './app.ts'
import { appConnection, dispatchTo, patience } from './connections.ts'

const minute = 60_000

describe("a GitHub App's installation tokens", () => {
  function calls({ requests }: StandInGitHub): (string | null)[] {
    return requests.map(({ operation }) => operation)
  }

  it('are minted for contents: write alone, and never sent anywhere but to GitHub', async () => {
    const { github, send } = await startApp()
    const result = await send()
    expect(result).toMatchObject({ class: 'success', status: 204 })
    expect(calls(github)).toEqual(['installation', 'token', 'dispatch'])
    expect(github.mints).toMatchObject([
      { installation: 42, request: { permissions: { contents: 'write' } } },
    ])
    expect(github.violations).toEqual([])
    expect(JSON.stringify(result)).not.toContain('ghs_')
  })

  it('may have over 500 characters: sent whole, cached, and masked', async () => {
    const { github, send } = await startApp()
    await send()
    github.failNext({
      kind: 'custom',
      status: 422,
      body: JSON.stringify({ message: `no: ${github.mints[0]?.token ?? ''}` }),
    })
    const result = await send()
    const [minted] = github.mints
    expect(minted?.token.length).toBeGreaterThan(500)
    const sent = github.requests.filter(({ operation }) => operation === 'dispatch')
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual(
      Array(2).fill(`Bearer ${minted?.token ?? ''}`),
    )
    expect(result.message).toContain('no: ***')
    expect(result.response).toBe('{"message":"no: ***"}')
  })

  it('are minted once for twenty dispatches at the same time', async () => {
    const { github, send } = await startApp()
    const results = await Promise.all(Array.from({ length: 20 }, () => send()))
    expect(results.every(({ status }) => status === 204)).toBe(true)
    expect(calls(github).filter((operation) => operation === 'installation')).toHaveLength(1)
    expect(github.mints).toHaveLength(1)
  })

  it('are one per owner', async () => {
    const { github, hub, connection, send } = await startApp()
    await send()
    await hub.dispatch(connection, { ...dispatchTo(), owner: 'Globex' }, patience())
    await hub.dispatch(connection, { ...dispatchTo(), owner: 'ACME' }, patience())
    expect(github.mints.map(({ owner }) => owner)).toEqual(['acme', 'globex'])
  })

  it.each([
    ['56 minutes behind', -56],
    ['70 minutes behind', -70],
    ['5 minutes ahead', 5],
  ])("are kept as long where GitHub's clock is %s", async (_, minutes) => {
    const { github, clock, send } = await startApp({ now: () => Date.now() + minutes * minute })
    for (clock.ahead of [0, 30 * minute, 54 * minute]) await send()
    expect(github.mints).toHaveLength(1)
    clock.ahead = 55 * minute + 2000
    await send()
    expect(github.mints).toHaveLength(2)
  })

  it('are kept as long where GitHub gives their end in no way that makes sense', async () => {
    const { github, clock, send } = await startApp({ token_lifetime_ms: -minute })
    github.failNext({ kind: 'answer', name: 'accepted' }, { operation: 'dispatch', times: 2 })
    await send()
    clock.ahead = 54 * minute
    await send()
    expect(github.mints).toHaveLength(1)
  })

  it('are kept while five minutes are left, and renewed before fewer are', async () => {
    const { github, clock, send } = await startApp()
    await send()
    clock.ahead = 54 * minute
    await send()
    expect(github.mints).toHaveLength(1)
    clock.ahead = 55 * minute + 2000
    await send()
    expect(github.mints).toHaveLength(2)
    expect(calls(github).filter((operation) => operation === 'installation')).toHaveLength(1)
  })

  it('serve to their end when GitHub mints no new ones', async () => {
    const { github, clock, send } = await startApp()
    await send()
    clock.ahead = 56 * minute
    github.failNext({ kind: 'reset' }, { operation: 'token' })
    expect(await send()).toMatchObject({ class: 'success' })
  })

  it('are refreshed once when GitHub refuses them', async () => {
    const { github, clock, send } = await startApp()
    await send()
    github.accounts.revokeMinted()
    clock.ahead = minute
    expect(await send()).toMatchObject({ class: 'success', status: 204 })
    expect(github.mints).toHaveLength(2)
  })

  it('are refreshed once for all that were refused at the same time', async () => {
    const { github, clock, send } = await startApp()
    await send()
    github.accounts.revokeMinted()
    clock.ahead = minute
    const results = await Promise.all(Array.from({ length: 5 }, () => send()))
    expect(results.every(({ status }) => status === 204)).toBe(true)
    expect(github.mints).toHaveLength(2)
  })

  it('mean refused credentials when the refreshed one is refused too', async () => {
    const { github, clock, send } = await startApp()
    await send()
    clock.ahead = minute
    github.failNext({ kind: 'answer', name: 'bad-credentials' }, { operation: 'dispatch', times: 9 })
    expect(await send()).toMatchObject({ class: 'credentials', status: 401 })
    expect(github.mints).toHaveLength(2)
    expect(calls(github).filter((operation) => operation === 'dispatch')).toHaveLength(8)
  })

  it("are given a second to reach all of GitHub's replicas", async () => {
    const waits: number[] = []
    const sleep = (ms: number) => {
      waits.push(ms)
      return Promise.resolve()
    }
    const { github, send } = await startApp({}, { sleep })
    github.failNext({ kind: 'answer', name: 'bad-credentials' }, { operation: 'dispatch' })
    expect(await send()).toMatchObject({ class: 'success' })
    expect(waits).toEqual([1000])
    expect(github.mints).toHaveLength(1)
  })

  // https://github.com/octokit/auth-app.js/issues/589
  it.each(['missing-permission-app', 'not-found', 'bad-credentials'] as const)(
    'are not taken for refused while GitHub answers "%s" to one that is a second old',
    async (answer) => {
      let ahead = 0
      const now = () => Date.now() + ahead
      const sleep = (ms: number) => {
        ahead += ms
        return Promise.resolve()
      }
      const { github, send } = await startApp({ now, lag: { ms: 1_000, answer } }, { now, sleep })
      expect(await send()).toMatchObject({ class: 'success', status: 204 })
      expect(github.mints).toHaveLength(1)
    },
  )

  it('are signed for with a key that its file has other things around', async () => {
    const wrapped = `Bag Attributes\n    friendlyName: app\nKey Attributes: <No Attributes>\n${APP_KEY.private_key}`
    const { github } = await startApp()
    const connection = appConnection(readPrivateKey(wrapped) ?? '', { api_url: github.url })
    expect(await createGitHub().dispatch(connection, dispatchTo(), patience())).toMatchObject({ status: 204 })
  })

  it('that are still refused five seconds after they were made are refused for good', async () => {
    const { clock, send } = await startApp({ repositories: ['acme/serving'] })
    expect(await send()).toMatchObject({ class: 'success' })
    expect(await send('nope')).toMatchObject({ class: 'permanent', status: 404 })
    expect(clock.ahead).toBe(5_000)
    expect(await send('nope')).toMatchObject({ class: 'permanent', status: 404 })
    expect(clock.ahead).toBe(5_000)
  })

  it('follow the App to its new installation', async () => {
    const { github, clock, send } = await startApp()
    await send()
    clock.ahead = 58 * minute
    github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'token' })
    expect(await send()).toMatchObject({ class: 'success' })
    expect(calls(github)).toEqual([
      'installation',
      'token',
      'dispatch',
      'token',
      'installation',
      'token',
      'dispatch',
    ])
  })

  describe('that GitHub does not give', () => {
    it('name the installation that is missing', async () => {
      const { hub, connection } = await startApp()
      const result = await hub.dispatch(connection, { ...dispatchTo(), owner: 'stranger' }, patience())
      expect(result).toMatchObject({ class: 'permanent', status: 404 })
      expect(result.fix).toContain('Install the App of GitHub connection main on stranger/serving')
    })

    it.each([
      ['app-suspended', 'credentials', /Unsuspend/],
      ['permission-not-granted', 'permanent', /Contents: write/],
      ['server-error', 'ambiguous', /tried again/],
      ['secondary-limit-retry-after', 'limited', /writes_per_second/],
    ] as const)('%s is %s', async (name, kind, fix) => {
      const { github, send } = await startApp()
      github.failNext({ kind: 'answer', name }, { operation: 'token' })
      const result = await send()
      expect(result.class).toBe(kind)
      expect(result.fix).toMatch(fix)
      expect(github.dispatches).toEqual([])
    })

    const opaque = 'opaque-installation-token-0123456789abcdef'
    it.each([
      ['token', 'cut in the middle', { status: 201, body: `{"token":"${opaque}` }],
      ['token', 'without a token', { status: 201, body: '{}' }],
      ['token', 'with a token, but not as GitHub gives one', { status: 200, body: `{"token":"${opaque}"}` }],
      ['token', 'with a token under another name', { status: 201, body: `{"tok":"${opaque}"}` }],
      ['token', 'empty', { status: 204, body: '' }],
      ['token', 'a page', { status: 200, body: '<html>Sign in</html>' }],
      ['installation', 'cut in the middle', { status: 200, body: '{"id": 4' }],
      ['installation', 'without an id', { status: 200, body: '{}' }],
      ['installation', 'a page', { status: 200, body: '<html>Sign in</html>' }],
    ] as const)('(%s: %s) are never taken for a dispatch that succeeded', async (operation, _, answer) => {
      const { github, send } = await startApp()
      github.failNext({ kind: 'custom', ...answer }, { operation })
      const result = await send()
      expect(result).toMatchObject({ class: 'ambiguous', status: answer.status })
      expect(result.message).toMatch(/nothing was dispatched/)
      expect(result.fix).toMatch(/proxy.*in GitHub's place/)
      expect(JSON.stringify(result)).not.toContain(opaque)
      expect(github.dispatches).toEqual([])
      expect(await send()).toMatchObject({ class: 'success' })
    })

    it('never leave what came in their place in the record, also where it refuses', async () => {
      const { github, send } = await startApp()
      for (const body of [`{"token":"${opaque}"}`, `cut ${opaque}`, `{"message":"no","token":"${opaque}"}`]) {
        github.failNext({ kind: 'custom', status: 422, body }, { operation: 'token' })
        const result = await send()
        expect(result).toMatchObject({ status: 422, response: null })
        expect(JSON.stringify(result)).not.toContain(opaque)
      }
    })

    it('say that nothing was dispatched when the connection breaks', async () => {
      const { github, send } = await startApp()
      github.failNext({ kind: 'reset' }, { operation: 'installation' })
      expect((await send()).message).toMatch(/nothing was dispatched/)
    })

    it('do not keep a dispatch past its time, and the next one has the token', async () => {
      const { github, hub, connection, send } = await startApp()
      github.failNext({ kind: 'slow', ms: 300 }, { operation: 'token' })
      const result = await hub.dispatch(connection, dispatchTo(), AbortSignal.timeout(100))
      expect(result).toMatchObject({ class: 'ambiguous', status: null })
      expect(result.message).toMatch(/nothing was dispatched/)
      expect(await send()).toMatchObject({ class: 'success' })
      expect(github.mints).toHaveLength(1)
    })

    it('say what is wrong with a private key, and nothing of the key', async () => {
      const { hub, github } = await startApp()
      const broken = APP_KEY.private_key.slice(0, 200)
      const result = await hub.dispatch(
        appConnection(broken, { api_url: github.url }),
        dispatchTo(),
        patience(),
      )
      expect(result).toMatchObject({ class: 'credentials', status: null, response: null })
      expect(result.fix).toContain('.pem file')
      expect(JSON.stringify(result)).not.toContain(broken.slice(40, 80))
    })

    it("refuse another App's key", async () => {
      const { hub, github } = await startApp()
      const foreign = appConnection(createAppKey().private_key, { api_url: github.url })
      expect(await hub.dispatch(foreign, dispatchTo(), patience())).toMatchObject({
        class: 'credentials',
        status: 401,
      })
    })
  })
})
