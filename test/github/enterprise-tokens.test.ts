import { describe, expect, it, onTestFinished } from 'vitest'
import { startGitHub } from '../standins/github/index.ts'
import { APP_KEY, startApp } from './app.ts'
import { appConnection, dispatchTo, patience } from './connections.ts'

describe("A GitHub App's installation tokens on more than one host", () => {
  it('are minted at the address of GitHub Enterprise Server, where they are used', async () => {
    const { github, hub } = await startApp()
    const ghes = appConnection(APP_KEY.private_key, { api_url: `${github.url}/api/v3` })
    expect(await hub.dispatch(ghes, dispatchTo(), patience())).toMatchObject({ class: 'success' })
    expect(github.requests.map(({ path }) => path)).toEqual([
      '/api/v3/repos/acme/serving/installation',
      '/api/v3/app/installations/42/access_tokens',
      '/api/v3/repos/acme/serving/dispatches',
    ])
  })

  it('of equal installation ids on two hosts are never mixed up', async () => {
    const one = await startApp()
    const two = await startGitHub({
      app: { id: '1234', public_key: APP_KEY.public_key, installations: { acme: 42 } },
    })
    onTestFinished(() => two.close())
    const other = appConnection(APP_KEY.private_key, { name: 'other', api_url: two.url })
    const results = await Promise.all([one.send(), one.hub.dispatch(other, dispatchTo(), patience())])
    expect(results.map(({ status }) => status)).toEqual([204, 204])
  })
})
