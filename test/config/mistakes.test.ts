import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../receiver/config/config.ts'
import { loadToys } from './toys.ts'

const file = join(mkdtempSync(join(tmpdir(), 'mistakes-')), 'model-dispatch.yaml')

/** A source and one automation of six lines; more keys of the automation may follow. */
const AUTOMATION = `version: 1
sources: { toys: { type: toy, secrets: [abc] } }
automations:
  - name: first
    events: [TOY_MADE]
    destinations: [{ type: toy_run, repository: acme/toys }]
`
const SECOND = `${AUTOMATION}  - name: second
    events: ["*"]
    destinations:
`
const OPEN = `version: 1
sources: { toys: { type: toy, insecure: true } }
automations:
  - name: first
    destinations: [{ type: toy_note }]
`
const SOURCE = `version: 1
sources:
  toys:
    type: toy
`

type Mistake = [mistake: string, yaml: string, line: number, key: string, message: string, fix: string]
const MISTAKES: Mistake[] = [
  [
    'an unknown key at the top',
    'version: 1\nsource: {}',
    2,
    'source',
    'no such key',
    'Did you mean `sources`?',
  ],
  [
    'a key of a later version',
    'version: 1\ndispatches: []',
    2,
    'dispatches',
    'no such key',
    'version, sources, github',
  ],
  ['no version', 'sources: {}', 1, 'version', 'is missing', 'Add it: 1.'],
  ['a version in quotes', 'version: "1"', 1, 'version', 'must be 1', 'without quotes'],
  ['an empty file', '', 1, '(file)', 'must be a map of keys, not empty', 'version: 1'],
  ['a list', '- a', 1, '(file)', 'must be a map of keys, not a list', 'version: 1'],
  ['a key twice', 'version: 1\nversion: 1', 2, '(file)', '`version` stands here for the second', 'Keep one'],
  ['two documents', 'version: 1\n---\nversion: 1', 2, '(file)', 'second document', 'Remove the line `---`'],
  ['an alias without anchor', 'version: 1\nx-a: *nope', 2, '(file)', 'no anchor', 'in quotes'],
  [
    'an alias before its anchor',
    'version: 1\nx-a: *later\nx-b: &later 1',
    2,
    '(file)',
    'comes before it',
    'Correct the name',
  ],
  ['a tab', 'version: 1\nsources:\n\ta: 1', 3, '(file)', 'Tabs are not allowed', 'indentation'],
  ['an unknown tag', 'version: !!js/function x', 1, '(file)', 'not valid YAML', 'indentation'],
  [
    'a key for the prototype',
    'version: 1\nsources:\n  __proto__: {}',
    3,
    '(file)',
    'cannot be used',
    'plain word',
  ],
  ['an empty key', 'version: 1\nsources:', 2, 'sources', 'a map of keys, not empty', 'webhook URL'],

  ['an unknown type', `${SOURCE.trimEnd()}s`, 4, 'sources.toys.type', 'must be toy', 'Did you mean `toy`?'],
  [
    'a source without type',
    'version: 1\nsources:\n  a: {}',
    3,
    'sources.a.type',
    'is missing',
    'Add it: toy.',
  ],
  [
    'no credentials',
    SOURCE,
    4,
    'sources.toys',
    'anybody could send',
    'secrets or access_token, or say `insecure',
  ],
  [
    'an empty list of secrets',
    `${SOURCE}    secrets: []`,
    4,
    'sources.toys',
    'anybody could send',
    'insecure: true',
  ],
  [
    'a credential that the type cannot send',
    `${SOURCE}    secrets: [a]\n    authorization: b`,
    6,
    'sources.toys.authorization',
    'Toy Registry cannot send this',
    'secrets, access_token',
  ],
  [
    'insecure beside a secret',
    `${SOURCE}    secrets: [a]\n    insecure: true`,
    6,
    'sources.toys.insecure',
    'contradicts',
    'Remove',
  ],
  [
    'a capital in a name',
    'version: 1\nsources:\n  Toys: { type: toy, insecure: true }',
    3,
    'sources.Toys',
    'small letters',
    'Rename',
  ],
  [
    'the reserved name',
    'version: 1\nsources:\n  model-dispatch: { type: toy, insecure: true }',
    3,
    'sources.model-dispatch',
    'reserved',
    'another name',
  ],
  [
    'a wrong setting of the type',
    `${SOURCE}    secrets: [a]\n    colour: bleu`,
    6,
    'sources.toys.colour',
    'must be red or blue',
    'Did you mean `blue`?',
  ],
  [
    'a size without a known unit',
    `${SOURCE}    secrets: [a]\n    body_limit: 5MB`,
    6,
    'sources.toys.body_limit',
    'KiB or MiB',
    'Largest body',
  ],
  [
    'a number for a text',
    `${SOURCE}    secrets: [a]\n    body_limit: 5`,
    6,
    'sources.toys.body_limit',
    'a text, not a number',
    'in quotes',
  ],
  [
    'an unset variable',
    `${SOURCE}    secrets:\n      - a\n      - "\${env:NOPE}"`,
    7,
    'sources.toys.secrets[1]',
    'environment variable NOPE is not set',
    'Set NOPE',
  ],
  [
    'an empty variable',
    `${SOURCE}    secrets: ["\${env:EMPTY}"]`,
    5,
    'sources.toys.secrets[0]',
    'environment variable EMPTY is empty',
    'Set EMPTY',
  ],
  [
    'a missing file',
    `${SOURCE}    secrets: ["\${file:/nope/secret}"]`,
    5,
    'sources.toys.secrets[0]',
    '/nope/secret cannot be read (ENOENT)',
    'Mount it',
  ],
  [
    'a file that is a directory',
    `${SOURCE}    secrets: ["\${file:/}"]`,
    5,
    'sources.toys.secrets[0]',
    '/ is a directory',
    'Mount it',
  ],
  [
    'a variable as a shell writes it',
    `${SOURCE}    secrets: ["\${TOY_SECRET}"]`,
    5,
    'sources.toys.secrets[0]',
    'not a reference',
    '${env:TOY_SECRET}',
  ],
  ...(
    [
      ['in capitals', '${ENV:TOY_SECRET}', '${env:TOY_SECRET}'],
      ['with spaces', '${ env:TOY_SECRET }', '${env:TOY_SECRET}'],
      ['with a space before the name', '${env: TOY_SECRET}', '${env:TOY_SECRET}'],
      ['in round brackets', '$(env:TOY_SECRET)', '${env:TOY_SECRET}'],
      ['without a dollar', '{env:TOY_SECRET}', '${env:TOY_SECRET}'],
      ['of a file, in capitals', '${FILE:/run/secret}', '${file:/run/secret}'],
      ['that is never closed', 'Key ${env:TOY_SECRET', '${env:TOY_SECRET}'],
      ['of a shell, inside a text', 'Key ${TOY_SECRET}', '${env:NAME}'],
      ['beside a good one', '${env:TOY_SECRET}${Env:TOY_SECRET}', '${env:TOY_SECRET}'],
      ['of nothing', '${env:}', '${env:NAME}'],
    ] as const
  ).map(([how, text, fix]): Mistake => [
    `a reference ${how}`,
    `${SOURCE}    secrets: [a]\n    access_token: "${text}"`,
    6,
    'sources.toys.access_token',
    'is not a reference',
    fix,
  ]),
  [
    'a secret under a key with a slip of the pen',
    `${SOURCE}    secrets: [a]\n    acess_token: "\${env:TOY_SECRET}"`,
    6,
    'sources.toys.acess_token',
    'no such key',
    'Did you mean `access_token`?',
  ],
  [
    'a secret of a source whose type is unknown',
    `${SOURCE.trimEnd()}s\n    secrets: ["\${env:TOY_SECRET}"]`,
    4,
    'sources.toys.type',
    'must be toy',
    'Did you mean `toy`?',
  ],
  [
    'a secret in a setting of the type',
    `${SOURCE}    secrets: [a]\n    lookup:\n      api_key: "\${env:NOPE}"`,
    7,
    'sources.toys.lookup.api_key',
    'NOPE is not set',
    'Set NOPE',
  ],
  [
    'a reference in a plain key',
    `${AUTOMATION}    description: "\${env:TOY_SECRET}"`,
    7,
    'automations[0].description',
    '${env:…} does not work here',
    'Write the value out',
  ],

  [
    'an unknown key of a filter',
    `${AUTOMATION}    filter:\n      alias_regx: x`,
    8,
    'automations[0].filter.alias_regx',
    'no such key',
    'Did you mean `alias_regex`?',
  ],
  [
    'an unquoted number in a filter',
    `${AUTOMATION}    filter: { alias: 1.10 }`,
    7,
    'automations[0].filter.alias',
    'a text, not a number',
    'in quotes',
  ],
  [
    'an unquoted number in a list',
    `${AUTOMATION}    filter:\n      alias:\n        - a\n        - 2`,
    10,
    'automations[0].filter.alias[1]',
    'a text, not a number',
    'in quotes',
  ],
  [
    'an empty list in a filter',
    `${AUTOMATION}    filter: { alias: [] }`,
    7,
    'automations[0].filter.alias',
    'at least one',
    'alias',
  ],
  [
    'an unknown status',
    `${AUTOMATION}    status: activ`,
    7,
    'automations[0].status',
    'must be active or test_mode or disabled',
    'Did you mean `active`?',
  ],
  [
    'an unknown source',
    `${AUTOMATION}    sources: [toy]`,
    7,
    'automations[0].sources[0]',
    'no such source',
    'Did you mean `toys`?',
  ],
  ['no events', OPEN, 4, 'automations[0].events', 'is missing', 'Add it.'],
  [
    'an unknown event',
    `${OPEN}    events: [TOY_MAED]`,
    6,
    'automations[0].events[0]',
    '"TOY_MAED" is no event of toys',
    'Did you mean `TOY_MADE`?',
  ],
  [
    'an unknown kind',
    `${OPEN}    events: [alias.aded]`,
    6,
    'automations[0].events[0]',
    'is no event of toys',
    'Did you mean `alias.added`?',
  ],
  [
    'an alias event without alias',
    `${OPEN}    events: [TOY_NAMED]`,
    4,
    'automations[0].filter',
    'TOY_NAMED needs a filter',
    'alias: "*"',
  ],
  [
    'alias.added without alias',
    `${OPEN}    events: [alias.added]\n    filter: { tag: x }`,
    7,
    'automations[0].filter',
    'alias.added needs a filter',
    'filter.alias_regex',
  ],
  [
    'a tag event without tag',
    `${OPEN}    events: [tag.removed]\n    filter: { alias: x }`,
    7,
    'automations[0].filter',
    'tag.removed needs a filter',
    'filter.tag_regex',
  ],
  [
    'no source named of several',
    OPEN.replace('true } }', 'true }, b: { type: toy, insecure: true } }').concat('    events: ["*"]'),
    4,
    'automations[0].sources',
    'not exactly one source',
    'toys, b',
  ],
  [
    'a broken pattern',
    `${AUTOMATION}    filter:\n      alias_regex: "("`,
    8,
    'automations[0].filter.alias_regex',
    'missing closing )',
    're2',
  ],
  [
    'a look-ahead',
    `${AUTOMATION}    filter:\n      tag_regex: "(?=a)"`,
    8,
    'automations[0].filter.tag_regex',
    'not a valid RE2 pattern',
    'look-around',
  ],
  [
    'an unknown part of the event',
    `${AUTOMATION}    if: event.model.nam == "x"`,
    7,
    'automations[0].if',
    '`event.model` has no `nam` (line 1, column 1)',
    'Did you mean `name`?',
  ],
  [
    'half a condition',
    `${AUTOMATION}    if: event.model.name ==`,
    7,
    'automations[0].if',
    'line 1, column 20',
    'CEL',
  ],
  [
    'a condition that is no yes or no',
    `${AUTOMATION}    if: 1 + 1`,
    7,
    'automations[0].if',
    'gives a int',
    'Compare it',
  ],
  [
    'a duration in words',
    `${AUTOMATION}    expires_after: 3 days`,
    7,
    'automations[0].expires_after',
    's, m, h or d',
    'given up',
  ],
  [
    'a duration of centuries',
    `${AUTOMATION}    expires_after: 99999d`,
    7,
    'automations[0].expires_after',
    'ten years',
    'never',
  ],
  [
    'a name twice',
    `${SECOND}      - type: toy_note\n  - name: first\n    events: ["*"]\n    destinations: [{ type: toy_note }]`,
    11,
    'automations[2].name',
    'another automation has this name',
    'rename',
  ],

  [
    'no destination',
    `${AUTOMATION}  - name: second\n    events: ["*"]\n    destinations: []`,
    9,
    'automations[1].destinations',
    'at least one',
    'match',
  ],
  [
    'an unknown destination',
    `${SECOND}      - type: toy_nite`,
    10,
    'automations[1].destinations[0].type',
    'must be toy_run or toy_note',
    'Did you mean `toy_note`?',
  ],
  [
    'an unknown key of a destination',
    `${SECOND}      - type: toy_note\n        txt: a`,
    11,
    'automations[1].destinations[0].txt',
    'no such key',
    'Did you mean `text`?',
  ],
  [
    'what a destination refuses itself',
    `${SECOND}      - type: toy_run\n        repository: a/b\n        speed: 10`,
    12,
    'automations[1].destinations[0].speed',
    'nothing is that fast',
    'Use 9 at most.',
  ],
  [
    'an unknown connection',
    `${SECOND}      - type: toy_run\n        repository: a/b\n        connection: mian`,
    12,
    'automations[1].destinations[0].connection',
    'no connection "mian"',
    'Did you mean `main`?',
  ],
  [
    'a templated repository without a list',
    `${SECOND}      - type: toy_run\n        repository: acme/\${alias}`,
    11,
    'automations[1].destinations[0].repository',
    'any repository',
    'github.main.repositories, e.g. ["acme/*"]',
  ],
  [
    'an unset secret of a destination',
    `${SECOND}      - type: toy_note\n        token: "\${env:NOPE}"`,
    11,
    'automations[1].destinations[0].token',
    'NOPE is not set',
    'Set NOPE',
  ],
  [
    'a secret of a destination that stands in the file',
    `${SECOND}      - type: toy_note\n        token: hunter2hunter2`,
    11,
    'automations[1].destinations[0].token',
    'holds the secret itself',
    '"${env:NAME}" or "${file:/path}"',
  ],
  [
    'a secret address of a destination that is none',
    `${SECOND}      - type: toy_note\n        address: "hooks.example/\${env:TOY_SECRET}"`,
    11,
    'automations[1].destinations[0].address',
    'is not an http or https address',
    'Copy the whole address',
  ],

  [
    'a token beside an App',
    'version: 1\ngithub:\n  main:\n    token: a\n    app_id: 3',
    4,
    'github.main.token',
    'contradicts',
    'Keep',
  ],
  [
    'a token of two lines',
    'version: 1\ngithub:\n  main:\n    token: "ghp_one\\nghp_two"',
    4,
    'github.main.token',
    'no token has',
    'on one line',
  ],
  [
    'an App without its key',
    'version: 1\ngithub:\n  main:\n    app_id: 3',
    4,
    'github.main.private_key',
    'is missing',
    'key',
  ],
  [
    'a key that is none',
    'version: 1\ngithub:\n  main:\n    app_id: 3\n    private_key: abc',
    5,
    'github.main.private_key',
    'PEM',
    '.pem',
  ],
  [
    'a key that is none, of the connection that an automation uses',
    `${AUTOMATION}github:\n  main: { app_id: 3, private_key: abc }`,
    8,
    'github.main.private_key',
    'PEM',
    '.pem',
  ],
  [
    'a connection without credentials that an automation uses',
    `${AUTOMATION.replace('acme/toys', 'acme/toys, connection: ghes')}github:\n  ghes: {}`,
    8,
    'github.ghes',
    'no credentials',
    'token',
  ],
  [
    'a connection without credentials',
    'version: 1\ngithub:\n  ghes: {}',
    3,
    'github.ghes',
    'no credentials',
    'token',
  ],
  [
    'a repository without owner',
    'version: 1\ngithub:\n  main: { repositories: [acme] }',
    3,
    'github.main.repositories[0]',
    'owner/name',
    'repositories',
  ],
  [
    'an address that is none',
    'version: 1\ngithub:\n  main: { api_url: "https://user:pw@host" }',
    3,
    'github.main.api_url',
    'URL',
    'https://HOST/api/v3',
  ],
  [
    'an unknown unit of retention',
    'version: 1\nretention: { failed: 1y }',
    2,
    'retention.failed',
    's, m, h or d',
    'kept',
  ],
]

describe('a mistake in the configuration', () => {
  it.each(MISTAKES)('%s is shown with its place and its fix', (_, yaml, line, key, message, fix) => {
    const [problem, ...others] = problemsOf(yaml)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ file, line, key })
    expect(problem?.message).toContain(message)
    expect(problem?.fix).toContain(fix)
  })

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
    ['a huge file', `version: 1\n#${'x'.repeat(3_000_000)}`],
  ])('%s is refused, and quickly', (_, yaml) => {
    const started = performance.now()
    expect(problemsOf(yaml)).not.toEqual([])
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

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
    loadToys(file, env ?? { GITHUB_TOKEN: 'a-token', TOY_SECRET: 'a-secret', EMPTY: '' })
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
