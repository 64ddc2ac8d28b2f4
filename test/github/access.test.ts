import { describe, expect, it, onTestFinished } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { startGitHub } from '../standins/github/index.ts'
import { startTarget } from '../standins/target.ts'
import { startApp } from './app.ts'
import { patience, tokenConnection } from './connections.ts'

const SERVING = { owner: 'acme', repo: 'serving', workflow: null }

/** Asks with a token at a server that answers every question with this repository. */
async function askAt(repository: object | number) {
  const there = await startTarget()
  onTestFinished(() => there.close())
  there.answer((response) => {
    if (typeof repository === 'number') response.writeHead(repository).end('<html>')
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(repository))
  })
  const connection = tokenConnection({ api_url: there.url })
  return await createGitHub().access(connection, SERVING, patience())
}

describe('The question whether a dispatch would be taken', () => {
  it('is answered with yes where the owner of the token may write, and nothing is dispatched', async () => {
    const github = await startGitHub()
    onTestFinished(() => github.close())
    const connection = tokenConnection({ api_url: github.url })
    const access = await createGitHub().access(connection, SERVING, patience())
    expect(access).toMatchObject({ allowed: true, status: 200, fix: '' })
    expect(github.dispatches).toEqual([])
  })

  it('is answered with yes by an App that has got its token, for a dispatch and for a workflow', async () => {
    const { hub, connection, github } = await startApp()
    for (const workflow of [null, 'deploy.yml'])
      expect(await hub.access(connection, { ...SERVING, workflow }, patience())).toMatchObject({
        allowed: true,
      })
    expect(github.mints.map(({ request }) => (request as { permissions: object }).permissions)).toEqual([
      { contents: 'write' },
      { actions: 'write' },
    ])
    expect(github.dispatches).toEqual([])
  })

  it('is answered with no, and what to do, where there is no such repository', async () => {
    const github = await startGitHub({ repositories: ['acme/other'] })
    onTestFinished(() => github.close())
    const access = await createGitHub().access(tokenConnection({ api_url: github.url }), SERVING, patience())
    expect(access).toMatchObject({ allowed: false, status: 404 })
    expect(access.message).toMatch(/acme\/serving/)
    expect(access.fix).not.toBe('')
  })

  it('is answered with no where the App is not installed', async () => {
    const { hub, connection } = await startApp()
    const access = await hub.access(connection, { ...SERVING, owner: 'strangers' }, patience())
    expect(access).toMatchObject({ allowed: false, status: 404 })
  })

  it('is answered with no where the token may only read', async () => {
    expect(await askAt({ permissions: { push: false, pull: true } })).toMatchObject({
      allowed: false,
      message: 'The token of GitHub connection main may read the repository, and not write to it.',
      fix: 'Give the token Contents: write on this repository, and its owner write access.',
    })
  })

  it('is answered with no where the repository is archived', async () => {
    expect(await askAt({ archived: true, permissions: { push: true } })).toMatchObject({
      allowed: false,
      message: expect.stringMatching(/archived/) as string,
    })
  })

  it('stays open where GitHub does not say, or cannot', async () => {
    expect(await askAt({})).toMatchObject({ allowed: null, status: 200 })
    expect(await askAt(502)).toMatchObject({ allowed: null, status: 502 })
  })
})
