import { describe, expect, it } from 'vitest'
import { startApp } from './app.ts'

const minute = 60_000

describe("a GitHub App's installation tokens, narrowed to the repositories of the automations", () => {
  it('names them', async () => {
    const { github, send } = await startApp(
      {},
      { repositoriesOf: (_, owner) => (owner === 'acme' ? ['serving', 'docs'] : null) },
    )
    await send()
    expect(github.mints[0]?.request).toEqual({
      permissions: { contents: 'write' },
      repositories: ['serving', 'docs'],
    })
  })

  it('are made wider for one that they do not name any more, and stay so while they last', async () => {
    const { github, clock, send } = await startApp({}, { repositoriesOf: () => ['Serving', 'docs'] })
    for (const repo of ['serving', 'gone', 'docs', 'OLDER', 'gone', 'older', 'Docs']) {
      expect(await send(repo)).toMatchObject({ class: 'success' })
    }
    const narrowed = () =>
      github.mints.map(({ request }) => (request as { repositories: string[] }).repositories)
    expect(narrowed()).toEqual([
      ['Serving', 'docs'],
      ['Serving', 'docs', 'gone'],
      ['Serving', 'docs', 'gone', 'OLDER'],
    ])
    clock.ahead = 61 * minute
    await send('docs')
    expect(narrowed().at(-1)).toEqual(['Serving', 'docs'])
  })

  it('follow what automations name: a token is used for no repository that it was not minted for', async () => {
    let named: string[] | null = ['serving']
    const { github, send } = await startApp({}, { repositoriesOf: () => named })
    await send('serving')
    named = ['serving', 'docs', 'training']
    for (const repo of ['docs', 'training', 'serving']) await send(repo)
    named = null
    for (const repo of ['serving', 'from-an-event', 'from-another']) await send(repo)
    expect(github.dispatches).toHaveLength(7)
    expect(github.mints.map(({ request }) => request)).toMatchObject([
      { repositories: ['serving'] },
      { repositories: ['serving', 'docs', 'training'] },
      { permissions: { contents: 'write' } },
    ])
    expect(github.mints[2]?.request).not.toHaveProperty('repositories')
  })

  it('are minted for each of two repositories that are asked for at the same time', async () => {
    const { github, send } = await startApp({}, { repositoriesOf: () => [] })
    const results = await Promise.all(['one', 'two', 'one', 'two'].map((repo) => send(repo)))
    expect(results.map(({ status }) => status)).toEqual([204, 204, 204, 204])
    expect(github.mints).toHaveLength(2)
  })

  it('do not keep out one that has moved', async () => {
    const { github, send } = await startApp(
      { moved: { 'acme/old': 'acme/new' } },
      { repositoriesOf: () => ['old', 'serving'] },
    )
    expect(await send('old')).toMatchObject({ class: 'success' })
    expect(await send('serving')).toMatchObject({ class: 'success' })
    expect(github.mints).toHaveLength(1)
  })

  it('are not narrowed to more than 500', async () => {
    const many = Array.from({ length: 501 }, (_, index) => `repo-${index}`)
    const { github, send } = await startApp({}, { repositoriesOf: () => many })
    await send()
    expect(github.mints[0]?.request).toEqual({ permissions: { contents: 'write' } })
  })

  it('do not fail for all because one repository is not there', async () => {
    const { github, send } = await startApp(
      { repositories: ['acme/serving'] },
      { repositoriesOf: () => ['serving', 'typo'] },
    )
    expect(await send()).toMatchObject({ class: 'success' })
    expect(github.mints).toMatchObject([{ request: { permissions: { contents: 'write' } } }])
  })
})
