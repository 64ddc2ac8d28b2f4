import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../receiver/config/config.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { namedRepositories } from '../../receiver/runtime/named-repositories.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const file = join(mkdtempSync(join(tmpdir(), 'dispatches-')), 'model-dispatch.yaml')

function load(dispatches: string, github = "main: { repositories: ['acme/*'] }") {
  writeFileSync(
    file,
    `version: 1
sources: { wandb: { type: wandb, secrets: ['\${env:SECRET}'] } }
github: { ${github} }
dispatches:
${dispatches}
`,
  )
  const env = {
    SECRET: 'a-secret-of-the-source',
    TOKEN: 'a-token-of-sixteen-or-more',
    GITHUB_TOKEN: 'ghp_0123456789',
  }
  const options = { path: file, env, environment: readEnvironment(env) }
  return loadConfig({ ...options, sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }).config
}

function problemsOf(dispatches: string, github?: string): readonly ConfigProblem[] {
  try {
    load(dispatches, github)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const GOOD = `  - { access_token: '\${env:TOKEN}', source: wandb, repositories: [acme/serving] }`

describe('An entry of `dispatches`', () => {
  it('is read with its token, and the connection main', () => {
    expect(load(GOOD).dispatches).toEqual([
      {
        access_token: 'a-token-of-sixteen-or-more',
        source: 'wandb',
        connection: 'main',
        repositories: ['acme/serving'],
      },
    ])
  })

  it.each([
    [
      'the token of another entry',
      `${GOOD}\n${GOOD}`,
      { line: 6, key: 'dispatches[1].access_token', message: 'is the token of another entry' },
    ],
    [
      'a short token',
      GOOD.replace('${env:TOKEN}', 'short'),
      { line: 5, key: 'dispatches[0].access_token', message: 'has fewer than 16 characters' },
    ],
    [
      'a source that is not there',
      GOOD.replace('source: wandb', 'source: wandbb'),
      { line: 5, key: 'dispatches[0].source', message: 'there is no such source' },
    ],
    [
      'a connection that is not there',
      GOOD.replace('source: wandb', 'source: wandb, connection: other'),
      { line: 5, key: 'dispatches[0].connection', message: 'there is no GitHub connection other' },
    ],
    [
      'a repository outside of its connection',
      GOOD.replace('acme/serving', 'acme/serving, evil/serving'),
      { line: 5, key: 'dispatches[0].repositories[1]', message: 'is outside the `repositories`' },
    ],
    [
      'no repositories',
      GOOD.replace('[acme/serving]', '[]'),
      { line: 5, key: 'dispatches[0].repositories', message: 'must name at least one' },
    ],
  ])('is refused with %s, saying where and what to do', (_mistake, dispatches, { line, key, message }) => {
    const [problem, ...others] = problemsOf(dispatches)
    expect(problem).toMatchObject({ line, key })
    expect(problem?.message).toContain(message)
    expect(others).toEqual([])
  })

  it('counts as naming its repositories where the connection lists none', () => {
    const { connections } = load(GOOD, 'main: { writes_per_second: 0 }')
    expect(connections.get('main')).toMatchObject({ repositories: ['acme/serving'], listed: false })
  })

  it.each([
    ['acme/serving', ['serving']],
    ['acme/*', null],
    ['*/serving', ['serving']],
    ['other/*', []],
  ])('with %s narrows the tokens of a GitHub App to %j for acme', (glob, names) => {
    const github = "main: { repositories: ['*/*'] }"
    const { automations, dispatches } = load(GOOD.replace('[acme/serving]', `['${glob}']`), github)
    expect(namedRepositories(automations, DESTINATION_TYPES, dispatches)('main', 'Acme')).toEqual(names)
  })
})
