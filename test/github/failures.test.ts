import { beforeAll, describe, expect, it } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { startGitHub, type StandInGitHub } from '../standins/github/index.ts'
import { dispatchTo, patience, tokenConnection } from './connections.ts'

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
