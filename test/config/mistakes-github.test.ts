import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../receiver/config/config.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const file = join(mkdtempSync(join(tmpdir(), 'mistakes-')), 'model-dispatch.yaml')

/** Nine lines; the keys of a repository_dispatch follow. */
const AUTOMATION = `version: 1
sources: { wandb: { type: wandb, secrets: ['\${env:SECRET}'] } }
github: { main: { repositories: ['acme/*'] } }
automations:
  - name: deploy
    events: [LINK_ARTIFACT]
    destinations:
      - type: repository_dispatch
`
const SERVING = `${AUTOMATION}        repository: acme/serving\n`
const many = (count: number) => Array.from({ length: count }, (_, n) => `k${n}: ${n}`).join(', ')

const MISTAKES: [mistake: string, yaml: string, line: number, key: string, message: string, fix: string][] = [
  [
    'no repository',
    `${AUTOMATION}        repository: serving`,
    9,
    'repository',
    'is not a repo',
    'owner/name',
  ],
  [
    'no name',
    `${AUTOMATION}        repository: acme/a b`,
    9,
    'repository',
    'not a repository name',
    'letters',
  ],
  [
    'one outside the list',
    `${AUTOMATION}        repository: evil/serving`,
    9,
    'repository',
    'not among the `repositories` of GitHub connection main, which are acme/*',
    'add it to github.main.repositories, e.g. "evil/*"',
  ],
  [
    'an owner by template',
    `${AUTOMATION}        repository: \${entity_name}/serving`,
    9,
    'repository',
    'the owner cannot be a template',
    'Write the owner out',
  ],
  [
    'an unknown word',
    `${SERVING}        event_type: deploy-\${allias}`,
    10,
    'event_type',
    '${allias}',
    'Did you mean',
  ],
  [
    'a long event type',
    `${SERVING}        event_type: ${'x'.repeat(101)}`,
    10,
    'event_type',
    '101 characters',
    'Shorten',
  ],
  [
    'eleven keys',
    `${SERVING}        client_payload: { ${many(11)} }`,
    10,
    'client_payload',
    '11 keys',
    'object',
  ],
  [
    'parameters that leave no room',
    `${SERVING}        parameters: { a: ${'x'.repeat(40_000)} }`,
    10,
    'parameters',
    'they take 40008 bytes',
    'Keep them under 30000',
  ],
  [
    'a secret deep in a payload',
    `${SERVING}        client_payload: { a: { b: ['\${env:SECRET}'] } }`,
    10,
    'client_payload.a.b[0]',
    '${env:…} does not work here',
    'Leave it out: what goes to GitHub is shown in the logs',
  ],
]

describe('a mistake in what goes to GitHub', () => {
  it.each(MISTAKES)('%s is shown with its place and its fix', (_, yaml, line, key, message, fix) => {
    const [problem, ...others] = problemsOf(yaml)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ file, line, key: `automations[0].destinations[0].${key}` })
    expect(problem?.message).toContain(message)
    expect(problem?.fix).toContain(fix)
    // What to do stands in the fix alone, and the key is named once.
    expect(problem?.message).not.toContain(problem?.fix)
    expect(problem?.message).not.toMatch(/^(repository|event_type|client_payload|parameters)/)
  })
})

function problemsOf(yaml: string): readonly ConfigProblem[] {
  writeFileSync(file, yaml)
  const env = { GITHUB_TOKEN: 'a-token', SECRET: 'a-secret-of-the-toys' }
  const tables = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
  try {
    loadConfig({ path: file, env, environment: readEnvironment(env), ...tables })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
