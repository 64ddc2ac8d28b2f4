import { describe, expect, it } from 'vitest'
import { APP_KEY, startApp } from './app.ts'

describe('Installation tokens of a repository that has moved', () => {
  it('are found and minted', async () => {
    const { send, github } = await startApp({ moved: { 'acme/old': 'acme/serving' } })
    const result = await send('old')
    expect(result).toMatchObject({ class: 'success', status: 204 })
    expect(result.fix).toContain('put acme/serving into `repository`')
    expect(github.dispatches).toMatchObject([{ repository: 'acme/serving' }])
  })

  it('are, where it was given away, not used for its old neighbours', async () => {
    const app = { id: '1234', public_key: APP_KEY.public_key, installations: { acme: 42, newco: 44 } }
    const { github, send } = await startApp({ app, moved: { 'acme/old': 'newco/new' } })
    for (const repo of ['old', 'serving', 'old', 'serving']) {
      expect(await send(repo)).toMatchObject({ class: 'success' })
    }
    expect(github.dispatches.map(({ identity }) => identity)).toEqual([
      'installation:1234/newco',
      'installation:1234/acme',
      'installation:1234/newco',
      'installation:1234/acme',
    ])
    expect(github.mints).toHaveLength(2)
  })

  it('say that it has moved, where the App is not installed at its new owner', async () => {
    const { send } = await startApp({ moved: { 'acme/old': 'newco/new' } })
    const result = await send('old')
    expect(result).toMatchObject({ class: 'permanent', status: 404 })
    expect(result.message).toMatch(/^acme\/old has moved to http.*: GitHub redirected the request\./)
    expect(result.fix).toContain(
      "Update the configuration: put the repository's present name into `repository`",
    )
    expect(result.fix).toContain('Install the App')
  })
})
