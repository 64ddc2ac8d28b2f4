import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../receiver/config/config.ts'
import { AUTOMATION, SOURCE } from './mistake.ts'
import { FIRST_MISTAKES } from './mistakes-first.ts'
import { SECOND_MISTAKES } from './mistakes-second.ts'
import { loadToys } from './toys.ts'

const file = join(mkdtempSync(join(tmpdir(), 'mistakes-')), 'model-dispatch.yaml')

describe('a mistake in the configuration', () => {
  it.each([...FIRST_MISTAKES, ...SECOND_MISTAKES])(
    '%s is shown with its place and its fix',
    (_, yaml, line, key, message, fix) => {
      const [problem, ...others] = problemsOf(yaml)
      expect(others).toEqual([])
      expect(problem).toMatchObject({ file, line, key })
      expect(problem?.message).toContain(message)
      expect(problem?.fix).toContain(fix)
    },
  )

  it('is printed as file:line: key: message, with the fix below', () => {
    const error = new ConfigError(problemsOf('version: 1\nsource: {}'))
    expect(error.message).toBe(`${file}:2: source: there is no such key here\n  -> Did you mean \`sources\`?`)
  })

  it('names GITHUB_TOKEN and GITHUB_APP_ID where GitHub is needed and the environment has neither', () => {
    const [problem] = problemsOf(AUTOMATION, {})
    expect(problem).toMatchObject({ line: 6, key: 'automations[0].destinations[0].connection' })
    expect(problem?.fix).toBe('Set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.')
  })

  it('comes with all the others of the file', () => {
    const problems = problemsOf(`${AUTOMATION}    statos: active\n    oder: strict`)
    expect(problems.map(({ line, key }) => [line, key])).toEqual([
      [7, 'automations[0].statos'],
      [8, 'automations[0].oder'],
    ])
  })

  it('has its line where the value comes from an anchor', () => {
    const yaml =
      'version: 1\nx-mine: &mine\n  status: activ\nautomations:\n  - <<: *mine\n    name: a\n    events: ["*"]\n    destinations: [{ type: toy_note }]'
    expect(problemsOf(yaml)[0]).toMatchObject({ line: 3, key: 'automations[0].status' })
  })

  it.each([
    ['brackets without end', `version: ${'['.repeat(20_000)}`],
    ['lists in lists', `version: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['maps in maps', `version: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ])('%s: is nested too deeply, in words of ours', (_, yaml) => {
    const [problem] = problemsOf(yaml)
    expect(problem?.message).toContain('nested too deeply')
    expect(problem?.fix).toBe('Write the repeated parts out, or nest less deeply.')
  })

  it.each([
    [
      'UTF-16',
      Buffer.from('\ufeffversion: 1\n', 'utf16le'),
      'cannot be read (not UTF-8)',
      'Save it as UTF-8.',
    ],
    ['UTF-16 without its mark', Buffer.from('version: 1\n', 'utf16le'), 'NUL', 'Save it as UTF-8.'],
    ['Latin-1', Buffer.from('# caf\u00e9\n', 'latin1'), 'cannot be read (not UTF-8)', 'Save it as UTF-8.'],
    ['more than 4 MiB', '#'.repeat(4_200_000), 'cannot be read (larger than 4 MiB)', 'Split it'],
  ])('a file of %s is refused with what to do', (_, content, message, fix) => {
    const [problem, ...others] = problemsOf(content)
    expect(others).toEqual([])
    expect(problem?.message).toContain(message)
    expect(problem?.fix).toContain(fix)
  })

  it.runIf(process.platform === 'linux')(
    'a pipe is refused at once, where reading would wait for ever',
    () => {
      const pipe = join(dirname(file), 'pipe')
      execFileSync('mkfifo', [pipe])
      expect(() => loadToys(pipe)).toThrow(/cannot be read \(not a file\)\n {2}-> Set MODEL_DISPATCH_CONFIG/)
    },
  )

  it.each([
    ['aliases that multiply', bomb()],
    ['a value that holds itself', 'version: 1\nx-a: &a\n  b: *a'],
    ['a map with far too many keys', `x-map:\n${keys(60_000)}`],
    ['a map with far too many wrong sources', `version: 1\nsources:\n${keys(60_000)}`],
    ['a key that stands there again and again', `version: 1\n${'a: 1\n'.repeat(30_000)}`],
    ['a huge file', `version: 1\n#${'x'.repeat(3_000_000)}`],
  ])('%s is refused, and quickly', (_, yaml) => {
    const started = performance.now()
    expect(problemsOf(yaml)).not.toEqual([])
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

it('a file with a mistake at each of many keys shows the first hundred, and how many there are', () => {
  const problems = problemsOf(
    `sources: { toys: { type: toy, insecure: true } }\nretention:\n${keys(3_000)}\nversion: 1`,
  )
  expect(problems).toHaveLength(101)
  expect(problems[99]).toMatchObject({ line: 102, key: 'retention.key99' })
  expect(problems[100]?.message).toBe('2900 more problems of this file are not shown')
})

/** Lines of a map that is one level deep. */
function keys(count: number): string {
  return Array.from({ length: count }, (_, n) => `  key${n}: ${n}`).join('\n')
}

describe('a secret', () => {
  const secret = 'hunter2hunter2'
  it.each([
    ['a source', `${SOURCE}    secrets: [${secret}]\n    access_token: 3`],
    ['a type that is wrong', `${SOURCE}    secrets: ${secret}`],
    ['a key that is no PEM', `version: 1\ngithub:\n  main: { app_id: 3, private_key: ${secret} }`],
    ['an address', `version: 1\ngithub:\n  main: { token: a, api_url: "https://x:${secret}@host" }`],
    ['text beside a quoted value', `${SOURCE}    secrets: "a" ${secret}`],
    ['a broken quote', `${SOURCE}    secrets: ["${secret}]`],
    ['an escape that is none', `${SOURCE}    secrets: ["\\q${secret}"]`],
    ['an alias that is none', `${SOURCE}    access_token: *${secret}`],
    ['a tag', `${SOURCE}    access_token: !${secret} a`],
    [
      'a resolved variable',
      `${SOURCE}    secrets: ["\${env:THE_SECRET}"]\n    authorization: "\${env:THE_SECRET}"`,
    ],
  ])('in %s never shows in a message', (_, yaml) => {
    const problems = problemsOf(yaml, { GITHUB_TOKEN: 'a', THE_SECRET: secret })
    expect(problems).not.toEqual([])
    expect(JSON.stringify(problems)).not.toContain(secret)
  })
})

function problemsOf(yaml: string | Buffer, env?: Record<string, string>): readonly ConfigProblem[] {
  writeFileSync(file, yaml)
  try {
    loadToys(file, env ?? { GITHUB_TOKEN: 'a-token', TOY_SECRET: 'a-secret-of-the-toys', EMPTY: '' })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

function bomb(): string {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `x-${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
  )
  return ['version: 1', 'x-0: &a0 [1]', ...levels].join('\n')
}
